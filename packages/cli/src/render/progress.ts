/** A progress bar on standard error for transfers, on terminals only. */
import { formatDuration, formatSize } from '@lazaret/protocol';

import type { Invocation } from '../command/command.ts';
import { cutText } from './cut-text.ts';
import { widthOf } from './style.ts';
import { visibleLine } from './visible-text.ts';

export interface Progress {
  /** Adds transferred bytes. */
  add(bytes: number): void;
  /** Erases the bar. */
  end(): void;
}

const redrawMs = 100;
const barChars = 24;
const labelChars = 28;

/** Without a total (standard input) only the amount and the rate are shown. */
export function createProgress(
  { shell, settings }: Pick<Invocation, 'shell' | 'settings'>,
  label: string,
  totalBytes: number | undefined,
): Progress {
  const { stderr } = shell;
  if (!stderr.isTTY || settings.quiet) return { add: () => undefined, end: () => undefined };
  const startedAt = shell.now();
  const name = cutText(visibleLine(label), labelChars);
  let doneBytes = 0;
  let drawnAt = startedAt;
  let isDrawn = false;
  return {
    add(bytes) {
      doneBytes += bytes;
      const now = shell.now();
      // a short transfer needs no bar
      if (now - drawnAt < redrawMs) return;
      drawnAt = now;
      isDrawn = true;
      const line = formatProgress({ doneBytes, totalBytes, elapsedMs: now - startedAt });
      stderr.write(`\r\u001B[K${`${name}  ${line}`.slice(0, (widthOf(stderr) ?? 1) - 1)}`);
    },
    end() {
      if (isDrawn) stderr.write('\r\u001B[K');
    },
  };
}

/** `[######----]  42%  12 MiB of 30 MiB  4 MiB/s  5s left`. */
export function formatProgress(state: {
  doneBytes: number;
  totalBytes: number | undefined;
  elapsedMs: number;
}): string {
  const { doneBytes, totalBytes, elapsedMs } = state;
  const perSecond = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1_000 : 0;
  const rate = `${formatSize(Math.round(perSecond))}/s`;
  if (totalBytes === undefined || totalBytes === 0) return `${formatSize(doneBytes)}  ${rate}`;
  const part = Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(part * barChars);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barChars - filled)}]`;
  const leftMs = perSecond > 0 ? ((totalBytes - doneBytes) / perSecond) * 1_000 : undefined;
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  const amount = `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
  const left = leftMs === undefined ? '' : `  ${formatDuration(Math.max(0, leftMs))} left`;
  return `${bar} ${percent}  ${amount}  ${rate}${left}`;
}
