/** Makes visible what a name or a log could hide: control, bidi and zero-width characters. */

export interface TextPart {
  readonly text: string;
  /** The part stands for a character that cannot be seen. */
  readonly hidden: boolean;
}

const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Splits text into plain parts and marks for characters that cannot be seen. Tabs stay. */
export function splitVisible(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(unseen)) {
    if (match[0] === '\t') continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), hidden: false });
    parts.push({ text: markOf(match[0]), hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hidden: false });
  return parts;
}

/** The same as one string, for attributes such as titles and labels. */
export function visibleText(text: string): string {
  return splitVisible(text)
    .map((part) => part.text)
    .join('');
}

/** `\\x1b` for control characters, as analysts write them; the code point for all others. */
function markOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0xa0) return `\\x${code.toString(16).padStart(2, '0')}`;
  return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}
