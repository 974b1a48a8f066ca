/** Facts of a summary: a label, and lines that are wrapped to the terminal instead of cut. */
import { countColumns } from './cut-text.ts';
import type { RowOptions } from './aligned-rows.ts';
import { visibleLine } from './visible-text.ts';
import { wrapText } from './wrap-text.ts';

/** A label and its lines; without a line it is omitted. */
export type FactRow = readonly [label: string, lines: readonly string[]];

const gapChars = 2;
const indent = '  ';

/** Nothing is cut: a word that does not fit next to the label, such as a digest, goes below it. */
export function formatFacts(rows: readonly FactRow[], { style, widthChars }: RowOptions): string {
  const shown = rows.filter(([, lines]) => lines.length > 0);
  const labelChars = Math.max(0, ...shown.map(([label]) => label.length)) + gapChars;
  const lineChars = widthChars === undefined ? undefined : widthChars - labelChars;
  return shown
    .flatMap(([label, texts]) => {
      const lines = texts.flatMap((text) => wrapText(visibleLine(text), lineChars));
      const fits =
        lineChars === undefined || lines.every((line) => countColumns(line) <= lineChars);
      if (fits) {
        return lines.map((line, at) => {
          const name = (at === 0 ? label : '').padEnd(labelChars);
          return `${style('dim', name)}${line}`;
        });
      }
      const below = texts.flatMap((text) =>
        wrapText(
          visibleLine(text),
          widthChars === undefined ? undefined : widthChars - indent.length,
        ),
      );
      return [style('dim', label), ...below.map((line) => `${indent}${line}`)];
    })
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
