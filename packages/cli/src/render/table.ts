/**
 * Tables without borders, like those of docker and kubectl. On a terminal they fit its width: long
 * columns are cut, and if that is not enough, the last columns are omitted.
 */
import { stripVTControlCharacters } from 'node:util';

import { alignedChars } from './aligned-rows.ts';
import { archiveLabel, formatCell, labelOf, valueAt } from './cell.ts';
import { countColumns, cutStart, cutText } from './cut-text.ts';
import { isStateField, styleState, type Style } from './style.ts';

export interface TableOptions {
  /** Paths into an item. */
  readonly columns: readonly string[];
  readonly now: number;
  readonly style: Style;
  /** Width of the terminal; without one nothing is cut. */
  readonly widthChars: number | undefined;
  /** Whole values instead of short ones. */
  readonly wide?: boolean;
  /** Columns that were requested are not omitted, even if they do not fit. */
  readonly keepColumns?: boolean;
}

interface Column {
  readonly path: string;
  readonly label: string;
  readonly cells: readonly string[];
  /** Columns of the terminal that its widest cell takes. */
  readonly natural: number;
  readonly least: number;
}

const columnCharsMin = 8;
const identityCharsMin = 24;
const gapChars = 2;

/** One line per row, the header first. Every cell is escaped. */
export function formatTable(items: readonly unknown[], options: TableOptions): string {
  const { style } = options;
  const columns = options.columns.map((path, index) => toColumn(path, items, { index, options }));
  const fitted = fitColumns(columns, options);
  return formatRows([
    fitted.map(({ label, width }) => style('dim', cutText(label, width))),
    ...items.map((_, row) => fitted.map((column) => styleCell(column, row, style))),
  ]);
}

/** Columns of the table that do not fit the terminal. */
export function omittedColumns(
  items: readonly unknown[],
  options: TableOptions,
): readonly string[] {
  const columns = options.columns.map((path, index) => toColumn(path, items, { index, options }));
  return columns.slice(fitColumns(columns, options).length).map(({ path }) => path);
}

function toColumn(
  path: string,
  items: readonly unknown[],
  { index, options }: { readonly index: number; readonly options: TableOptions },
): Column {
  const { now, wide = false } = options;
  const name = path.split('.').at(-1) ?? path;
  const label = labelOf(path).toUpperCase();
  const cells = items.map(
    (item) =>
      (wide ? undefined : archiveLabel(item, path)) ??
      formatCell(name, valueAt(item, path), { now, short: !wide, wide }),
  );
  const natural = Math.max(label.length, ...cells.map(countColumns));
  const usual = index === 0 ? identityCharsMin : Math.max(columnCharsMin, label.length);
  // a state that is cut could be mistaken for another
  const least = isStateField(path) ? natural : Math.min(natural, usual);
  return { path, label, cells, natural, least };
}

interface FittedColumn extends Column {
  readonly width: number;
}

/** Omits the last columns until the rest can fit, then shrinks the widest, the first one last. */
function fitColumns(columns: readonly Column[], options: TableOptions): FittedColumn[] {
  const { widthChars, keepColumns = false } = options;
  const natural = columns.map((column) => ({ ...column, width: column.natural }));
  if (widthChars === undefined) return natural;
  const total = (widths: readonly number[]): number =>
    widths.reduce((sum, width) => sum + width + gapChars, -gapChars);
  let shown = natural;
  const isTooWide = (): boolean => total(shown.map(({ least }) => least)) > widthChars;
  while (!keepColumns && shown.length > 1 && isTooWide()) {
    shown = shown.slice(0, -1);
  }
  const widths = shown.map(({ width }) => width);
  for (let excess = total(widths) - widthChars; excess > 0; excess -= 1) {
    const at = widest(shown, widths);
    if (at === undefined) break;
    widths[at] = (widths[at] ?? 0) - 1;
  }
  return shown.map((column, index) => ({ ...column, width: widths[index] ?? 0 }));
}

/** The widest column that may still shrink; the first one, the ID, only if no other may. */
function widest(columns: readonly Column[], widths: readonly number[]): number | undefined {
  const candidates = columns
    .map(({ least }, index) => ({ index, width: widths[index] ?? 0, least }))
    .filter(({ width, least }) => width > least);
  const [best] = candidates
    .filter(({ index }) => index > 0)
    .toSorted((a, b) => b.width - a.width || a.index - b.index);
  return (best ?? candidates[0])?.index;
}

function styleCell({ path, cells, width }: FittedColumn, row: number, style: Style): string {
  const text = cells[row] ?? '';
  const cut = /(^|\.)(path|parent)$/.test(path) ? cutStart(text, width) : cutText(text, width);
  return isStateField(path) ? styleState(style, text, cut) : cut;
}

/**
 * Rows of formatted cells in aligned columns. The last cell is not padded, and no line ends with
 * white space.
 */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const measured = rows.map((row) =>
    row.map((text) => ({ text, chars: countColumns(stripVTControlCharacters(text)) })),
  );
  const widths: number[] = [];
  for (const [column, { chars }] of measured.flatMap((row) => [...row.slice(0, -1).entries()])) {
    if (chars <= alignedChars) widths[column] = Math.max(widths[column] ?? 0, chars);
  }
  const lines = measured.map((row) => {
    const cells = row.map(({ text, chars }, column) => {
      const isLast = column === row.length - 1;
      const missing = Math.max(0, (widths[column] ?? 0) - chars);
      return isLast ? text : `${text}${' '.repeat(missing + gapChars)}`;
    });
    return `${cells.join('').trimEnd()}\n`;
  });
  return lines.join('');
}
