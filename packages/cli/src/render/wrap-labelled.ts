/** Wraps text after a label, with a hanging indent. */
import type { RowOptions } from './aligned-rows.ts';
import { countColumns } from './cut-text.ts';
import { wrapText } from './wrap-text.ts';

/** Columns that are left for the text however narrow the terminal is. */
const leastChars = 24;
/** The most indent of anything around it. */
const marginChars = 4;

/**
 * The lines of a text after a label; lines after the first are indented as far as the label.
 * Without a width there is one line.
 */
export function wrapLabelled(
  label: string,
  text: string,
  { widthChars }: Pick<RowOptions, 'widthChars'>,
): string[] {
  const indent = countColumns(withoutStyle(label));
  const room =
    widthChars === undefined ? undefined : Math.max(leastChars, widthChars - marginChars - indent);
  return wrapText(text, room).map(
    (one, index) => `${index === 0 ? label : ' '.repeat(indent)}${one}`,
  );
}

function withoutStyle(text: string): string {
  return text.replaceAll(/\u001B\[\d+m/g, '');
}
