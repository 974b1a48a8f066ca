/**
 * Escaping of invisible characters in untrusted text: control characters, bidirectional overrides,
 * zero-width characters, line separators and lone surrogates. Used wherever text from a sample, an
 * image or a user is displayed: console, command line, and text reports.
 */

/** Source of a regular expression, with the flag `u`, that matches one invisible character. */
export const invisiblePattern = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]`;

const invisible = new RegExp(invisiblePattern, 'gu');

export interface TextPart {
  readonly text: string;
  /** The text is the escape of an invisible character. */
  readonly escaped: boolean;
}

/** Splits text into plain parts and escapes of invisible characters, except those in `allowed`. */
export function splitInvisible(text: string, allowed = ''): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(invisible)) {
    if (allowed.includes(character)) continue;
    if (index > from) parts.push({ text: text.slice(from, index), escaped: false });
    parts.push({ text: escapeCharacter(character), escaped: true });
    from = index + character.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), escaped: false });
  return parts;
}

/** Text with invisible characters escaped as `\n`, `\x1b`, `\u202e`; those in `allowed` stay. */
export function escapeInvisible(text: string, allowed = ''): string {
  return text.replaceAll(invisible, (character) =>
    allowed.includes(character) ? character : escapeCharacter(character),
  );
}

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['\n', String.raw`\n`],
  ['\r', String.raw`\r`],
  ['\t', String.raw`\t`],
]);

function escapeCharacter(character: string): string {
  const short = shortEscapes.get(character);
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}
