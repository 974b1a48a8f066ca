/** Text of others inside a SARIF message, where braces and brackets have a meaning. */

/** Control characters, invisible ones and overrides of the writing direction. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Plain text: where a viewer would see a placeholder (`{0}`, 3.11.5) or an embedded link
 * (`[text](target)`, 3.11.6), the text is escaped so that it is shown instead of followed.
 */
export function plainMessage(text: string): string {
  const shown = text.replaceAll(unseen, showCharacter);
  const linkless = shown.includes('](') ? shown.replaceAll(/[[\]\\]/g, String.raw`\$&`) : shown;
  const escaped = /\{\d+\}/.test(linkless)
    ? linkless.replaceAll('{', '{{').replaceAll('}', '}}')
    : linkless;
  return escaped === '' ? '-' : escaped;
}

function showCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
