/** Terms with their descriptions in two columns, the descriptions wrapped. */
import { wrapText } from './wrap-text.ts';

const indent = '  ';
const gapChars = 2;
const descriptionCharsMin = 20;

/** One term per line at least; descriptions are broken between words. */
export function formatDefinitions(
  rows: readonly (readonly [term: string, description: string])[],
  widthChars: number,
): string {
  const termChars = Math.max(0, ...rows.map(([term]) => term.length)) + gapChars;
  const room = Math.max(descriptionCharsMin, widthChars - indent.length - termChars);
  return rows
    .flatMap(([term, description]) =>
      wrapText(description, room).map((line, at) =>
        `${indent}${(at === 0 ? term : '').padEnd(termChars)}${line}`.trimEnd(),
      ),
    )
    .map((line) => `${line}\n`)
    .join('');
}
