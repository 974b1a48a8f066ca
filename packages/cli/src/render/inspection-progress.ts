/** Progress of an inspection on standard error: a bar for each layer being examined. */
import { plural } from '@lazaret/protocol';
import type { Invocation } from '../command/command.ts';
import type { ShownProgress } from '../commands/inspect/inspect-image.ts';
import { cutText } from './cut-text.ts';
import { formatProgress } from './progress.ts';
import { widthOf } from './style.ts';
import { visibleLine } from './visible-text.ts';

export interface InspectionProgress {
  show(event: ShownProgress): void;
  /** Erases the bars. */
  end(): void;
}

type LayerProgress = Extract<ShownProgress, { phase: 'layer' }> & { readonly startedAt: number };

const redrawMs = 100;
const barsMax = 6;
const labelChars = 28;

/** Only on terminals, and neither with `--quiet` nor `--no-progress`. */
export function createInspectionProgress(
  { shell, settings }: Pick<Invocation, 'shell' | 'settings'>,
  { label, enabled }: { label: string; enabled: boolean },
): InspectionProgress {
  const { stderr } = shell;
  if (!stderr.isTTY || settings.quiet || !enabled) {
    return { show: () => undefined, end: () => undefined };
  }
  const startedAt = shell.now();
  const layers = new Map<number, LayerProgress>();
  let total = 0;
  let drawnAt = startedAt;
  let drawnLines = 0;
  const erase = (): string => (drawnLines === 0 ? '' : `\u001B[${drawnLines}A\r\u001B[J`);
  function draw(now: number): void {
    const ended = [...layers.values()].filter(({ state }) => state !== 'examining').length;
    const files = [...layers.values()].reduce((sum, layer) => sum + layer.files, 0);
    const name = cutText(visibleLine(label), labelChars);
    const head =
      total === 0
        ? `${name}  reading`
        : `${name}  layer ${ended} of ${total}  ${plural(files, 'entry', 'entries')}`;
    const active = [...layers.values()].filter(({ state }) => state === 'examining');
    const lines = [head, ...active.slice(0, barsMax).map((layer) => layerLine(layer, now))];
    const width = (widthOf(stderr) ?? 1) - 1;
    stderr.write(`${erase()}${lines.map((line) => `${line.slice(0, width)}\n`).join('')}`);
    drawnLines = lines.length;
  }
  return {
    show(event) {
      const now = shell.now();
      if (event.phase === 'listed') total = event.layers;
      else {
        const began = layers.get(event.index)?.startedAt ?? now;
        layers.set(event.index, { ...event, startedAt: began });
      }
      // a short inspection needs no bars
      if (now - drawnAt < redrawMs) return;
      drawnAt = now;
      draw(now);
    },
    end() {
      stderr.write(erase());
      drawnLines = 0;
    },
  };
}

function layerLine(layer: LayerProgress, now: number): string {
  const name = `  ${cutText(visibleLine(layer.label), labelChars).padEnd(labelChars)}`;
  const files = plural(layer.files, 'entry', 'entries');
  if (layer.doneBytes === undefined) return `${name}  ${files}`;
  const { doneBytes, totalBytes, startedAt } = layer;
  return `${name}  ${formatProgress({ doneBytes, totalBytes, elapsedMs: now - startedAt })}`;
}
