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

/** The last column gets the remaining width; on terminals no other gets more than a third. */
export function alignRows(rows: readonly (readonly Cell[])[], options: RowOptions): string {
  const { style, widthChars } = options;
  const most = widthChars === undefined ? undefined : Math.floor(widthChars / 3);
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { text }] of row.slice(0, -1).entries()) {
      const chars = Math.min(countColumns(text), most ?? Number.POSITIVE_INFINITY);
      if (chars <= alignedChars) widths[column] = Math.max(widths[column] ?? 0, chars);
    }
  }
  const before = widths.reduce((sum, width) => sum + width + gapChars, 0);
  const remaining =
    widthChars === undefined ? undefined : Math.max(lastCharsMin, widthChars - before);
  return rows
    .map((row) => {
      const cells = row.map(({ text, style: name }, column) => {
        const isLast = column === row.length - 1;
        const max = isLast ? remaining : most;
        const shown = max === undefined ? text : cutText(text, max);
        const missing = Math.max(0, (widths[column] ?? 0) - countColumns(shown));
        const padding = isLast ? '' : ' '.repeat(missing + gapChars);
        return `${name === undefined ? shown : style(name, shown)}${padding}`;
      });
      return `${cells.join('').trimEnd()}\n`;
    })
    .join('');
}
