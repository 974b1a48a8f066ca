/** A resource as text: one line per field, nested records indented, lists of records as tables. */
import { formatCell, labelOf } from './cell.ts';
import { isStateField, styleState, type Style } from './style.ts';
import { formatTable } from './table.ts';
import { visibleLine } from './visible-text.ts';

export interface PageOptions {
  readonly now: number;
  readonly style: Style;
  readonly widthChars: number | undefined;
}

const depthMax = 6;
const tableColumnsMax = 6;
const indent = '  ';

/** Any JSON value as text that ends with a newline. */
export function formatPage(value: unknown, options: PageOptions): string {
  if (!isRecord(value)) return `${formatCell('', value, { now: options.now, short: false })}\n`;
  return formatFields(value, options, 0)
    .map((line) => `${line}\n`)
    .join('');
}

function formatFields(
  fields: Record<string, unknown>,
  options: PageOptions,
  depth: number,
): string[] {
  const entries = Object.entries(fields).map(([key, value]) => ({
    key,
    value,
    label: visibleLine(labelOf(key)),
  }));
  const widthChars = Math.max(0, ...entries.map(({ label }) => label.length)) + 1;
  const lines: string[] = [];
  for (const { key, value, label } of entries) {
    const block = depth < depthMax ? formatBlock(value, options, depth) : undefined;
    if (block !== undefined) {
      lines.push(`${label}:`, ...block.map((line) => indent + line));
      continue;
    }
    const cell = formatCell(key, value, { now: options.now, short: false });
    const shown = isStateField(key) ? styleState(options.style, cell) : cell;
    lines.push(`${options.style('dim', `${label}:`.padEnd(widthChars))} ${shown}`);
  }
  return lines;
}

/** The lines of a value that needs more than one, or undefined. */
function formatBlock(value: unknown, options: PageOptions, depth: number): string[] | undefined {
  if (Array.isArray(value)) {
    const records = value.filter(isRecord);
    if (records.length === 0 || records.length < value.length) return undefined;
    const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
    if (columns.length < 2 || columns.includes('role')) return undefined;
    const table = formatTable(records, {
      ...options,
      columns: columns.slice(0, tableColumnsMax),
      widthChars: options.widthChars === undefined ? undefined : options.widthChars - indent.length,
    });
    return table.trimEnd().split('\n');
  }
  if (!isRecord(value) || Object.keys(value).length === 0) return undefined;
  return formatFields(value, options, depth + 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
