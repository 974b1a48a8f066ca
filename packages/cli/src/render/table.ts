/** Tables without borders, like those of docker and kubectl. */
import { formatCell, labelOf, valueAt } from './cell.ts';
import { countCharacters, cutText } from './cut-text.ts';
import { styleState, type Style } from './style.ts';

export interface TableOptions {
  /** Paths into an item. */
  readonly columns: readonly string[];
  readonly now: number;
  readonly style: Style;
  /** Width of the terminal; without one nothing is cut. */
  readonly widthChars: number | undefined;
}

const columnCharsMin = 8;
const gapChars = 2;
const stateColumns = new Set(['state', 'outcome.code']);

/** One line per row, the header first. Every cell is escaped. */
export async function formatTable(
  items: readonly unknown[],
  options: TableOptions,
): Promise<string> {
  const { columns, now, style } = options;
  const header = columns.map((column) => labelOf(column).toUpperCase());
  const rows = items.map((item) =>
    columns.map((column) => {
      const name = column.split('.').at(-1) ?? column;
      return formatCell(name, valueAt(item, column), { now, short: true });
    }),
  );
  const widths = fitWidths([header, ...rows], options.widthChars);
  const shorten = (text: string, index: number): string => {
    const width = widths[index];
    return width === undefined ? text : cutText(text, width);
  };
  return formatRows([
    header.map((text, index) => style('dim', shorten(text, index))),
    ...rows.map((row) =>
      row.map((text, index) => {
        const short = shorten(text, index);
        return stateColumns.has(columns[index] ?? '') ? styleState(style, short) : short;
      }),
    ),
  ]);
}

/** Rows of formatted cells in aligned columns. */
export async function formatRows(rows: readonly (readonly string[])[]): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const parts = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'];
  const more = [
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ];
  const table = new Table({
    chars: Object.fromEntries([...parts, ...more].map((part) => [part, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gapChars },
  });
  table.push(...rows.map((row) => [...row]));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** Takes room from the widest columns until the rows fit; undefined where nothing is taken. */
function fitWidths(
  rows: readonly (readonly string[])[],
  widthChars: number | undefined,
): readonly (number | undefined)[] {
  const natural = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => countCharacters(row[index] ?? ''))),
  );
  if (widthChars === undefined) return natural.map(() => undefined);
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width + gapChars, -gapChars) - widthChars;
  for (; excess > 0; excess -= 1) {
    // the first column is the identity: a shortened one could not be used again
    const widest = Math.max(...widths.slice(1));
    if (widest <= columnCharsMin) break;
    widths[widths.indexOf(widest, 1)] = widest - 1;
  }
  return widths.map((width, index) => (width === natural[index] ? undefined : width));
}
