/** Long tables of formatted cells: aligned, cut to the terminal, fast for many thousand rows. */
import { countColumns, cutText } from './cut-text.ts';
import type { Style, StyleName } from './style.ts';

export interface Cell {
  /** Escaped for a terminal. */
  readonly text: string;
  readonly style?: StyleName;
}

export interface RowOptions {
  readonly style: Style;
  /** Width of the terminal; without one nothing is cut. */
  readonly widthChars: number | undefined;
}

/** Longer cells are not aligned with: one name of a sample would pad every row of a pipe. */
export const alignedChars = 80;
const gapChars = 2;
const lastCharsMin = 12;

interface Layout {
  /** Width of every column but the last, which cells are padded to. */
  readonly widths: readonly number[];
  /** Space for the last column; unlimited without a terminal. */
  readonly lastChars: number | undefined;
}

/** The last column gets the remaining width; no line is wider than the terminal. */
export function alignRows(rows: readonly (readonly Cell[])[], options: RowOptions): string {
  const { style, widthChars } = options;
  const layout = widthChars === undefined ? freeLayout(rows) : fittedLayout(rows, widthChars);
  return rows
    .map((row) => {
      const cells = row.map(({ text, style: name }, column) => {
        const isLast = column === row.length - 1;
        const shown = isLast ? cutLast(text, column, layout) : cutCell(text, column, layout);
        const missing = Math.max(0, (layout.widths[column] ?? 0) - countColumns(shown));
        const padding = isLast ? '' : ' '.repeat(missing + gapChars);
        return `${name === undefined ? shown : style(name, shown)}${padding}`;
      });
      return `${cells.join('').trimEnd()}\n`;
    })
    .join('');
}

function cutCell(text: string, column: number, { widths, lastChars }: Layout): string {
  return lastChars === undefined ? text : cutText(text, widths[column] ?? 0);
}

/** The last cell of a short row may use the columns that the row does not have. */
function cutLast(text: string, column: number, { widths, lastChars }: Layout): string {
  if (lastChars === undefined) return text;
  const unused = widths.slice(column).reduce((sum, width) => sum + width + gapChars, 0);
  return cutText(text, lastChars + unused);
}

function freeLayout(rows: readonly (readonly Cell[])[]): Layout {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { text }] of row.slice(0, -1).entries()) {
      const chars = countColumns(text);
      if (chars <= alignedChars) widths[column] = Math.max(widths[column] ?? 0, chars);
    }
  }
  return { widths, lastChars: undefined };
}

/** Narrows the widest columns until the last one has enough space. */
function fittedLayout(rows: readonly (readonly Cell[])[], widthChars: number): Layout {
  const most = Math.max(1, Math.floor(widthChars / 3));
  const widths: number[] = [];
  let lastChars = 0;
  for (const row of rows) {
    for (const [column, { text }] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, Math.min(countColumns(text), most));
    }
    lastChars = Math.max(lastChars, countColumns(row.at(-1)?.text ?? ''));
  }
  const wanted = Math.min(lastCharsMin, lastChars);
  const remaining = (): number =>
    widths.reduce((rest, width) => rest - width - gapChars, widthChars);
  while (remaining() < wanted) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return { widths, lastChars: Math.max(0, remaining()) };
}
