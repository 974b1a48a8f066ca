/**
 * Text that a sample may have written, made safe for a terminal: control characters, escape
 * sequences, bidirectional overrides and invisible characters are shown instead of obeyed.
 */

/** Cc, Cf, line and paragraph separators, lone surrogates; new line and tab are judged apart. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line: new lines and tabs are shown as well. */
export function visibleLine(text: string): string {
  return text.replaceAll(dangerous, showCharacter);
}

/** Several lines: new lines and tabs stay, and a carriage return before a new line is dropped. */
export function visibleText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(dangerous, (character) =>
      character === '\n' || character === '\t' ? character : showCharacter(character),
    );
}

/** As `visibleText` for text that comes in pieces: a carriage return at the end waits. */
export function createVisibleStream(): { push(piece: string): string; end(): string } {
  let held = '';
  return {
    push(piece) {
      const text = held + piece;
      held = text.endsWith('\r') ? '\r' : '';
      return visibleText(held === '' ? text : text.slice(0, -1));
    },
    end() {
      const rest = visibleText(held);
      held = '';
      return rest;
    },
  };
}

/** Characters that JSON leaves as they are though terminals obey them. */
export function visibleJson(json: string): string {
  return json.replaceAll(dangerous, (character) =>
    character === '\n' || character === '\t' ? character : jsonEscape(character),
  );
}

/** Whether `visibleText` would change more than line ends. */
export function isDangerous(text: string): boolean {
  return visibleText(text) !== text;
}

function showCharacter(character: string): string {
  if (character === '\n') return String.raw`\n`;
  if (character === '\r') return String.raw`\r`;
  if (character === '\t') return String.raw`\t`;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** In UTF-16 units, as JSON and YAML strings know them. */
function jsonEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
