/** One event of the stream on one line, for people or for programs. */
import type { Event } from '@lazaret/protocol';

import type { Invocation } from '../command.ts';
import { formatCell, formatMoment } from './cell.ts';
import { createStyle } from './style.ts';
import { visibleJson, visibleLine } from './visible-text.ts';

/** JSON and YAML come as one JSON object a line, so that a reader need not wait for an end. */
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
