/** Text of others where a line of plain text is wanted. */

/** Control characters, invisible ones and overrides of the writing direction. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line; what nobody would see is written out, as `\u000a`. */
export function showUnseen(text: string): string {
  return text.replaceAll(unseen, showCharacter);
}

function showCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
