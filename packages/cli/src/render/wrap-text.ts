/** Breaks text between words. */
import { countColumns } from './cut-text.ts';

/** Lines of at most `maxChars` columns; a longer word has a line of its own, whole. */
export function wrapText(text: string, maxChars: number | undefined): readonly string[] {
  if (maxChars === undefined || countColumns(text) <= maxChars) return [text];
  const lines: string[] = [];
  let chars = 0;
  for (const word of text.split(' ')) {
    const wordChars = countColumns(word);
    const last = lines.at(-1);
    if (last === undefined || chars + 1 + wordChars > maxChars) {
      lines.push(word);
      chars = wordChars;
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
      chars += 1 + wordChars;
    }
  }
  return lines;
}
