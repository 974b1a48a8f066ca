/** One event of the stream on one line, as text or JSON. */
import type { Event } from '@lazaret/protocol';

import type { Invocation } from '../command/command.ts';
import { formatCell, formatMoment } from './cell.ts';
import { createStyle } from './style.ts';
import { visibleJson, visibleLine } from './visible-text.ts';

/** For JSON and YAML one JSON object per line, since a stream has no end. */
export function formatEventLine({ shell, settings }: Invocation, event: Event): string {
  if (settings.quiet) return `${visibleLine(event.cursor)}\n`;
  if (settings.output !== 'table') return `${visibleJson(JSON.stringify(event))}\n`;
  const style = createStyle(settings.color.stdout);
  const data = formatCell('', event.data, { now: shell.now(), short: true });
  const parts = [
    style('dim', formatMoment(Date.parse(event.at))),
    style('bold', visibleLine(event.type)),
    visibleLine(event.subject),
    style('dim', `by ${visibleLine(event.actor)}`),
    data === '-' ? '' : data,
  ];
  return `${parts.filter((part) => part !== '').join('  ')}\n`;
}
