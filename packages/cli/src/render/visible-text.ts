/**
 * Untrusted text made safe for a terminal: control characters, escape sequences, bidirectional
 * overrides and invisible characters are escaped instead of interpreted.
 */
import { escapeInvisible, invisiblePattern } from '@lazaret/protocol';

const invisible = new RegExp(invisiblePattern, 'gu');

/** One line: line breaks and tabs are escaped as well. */
export function visibleLine(text: string): string {
  return escapeInvisible(text);
}

/** Several lines: line feeds and tabs stay; a carriage return before a line feed is dropped. */
export function visibleText(text: string): string {
  return escapeInvisible(text.replaceAll('\r\n', '\n'), '\n\t');
}

/** `visibleText` for text in chunks: a carriage return at the end of a chunk is deferred. */
export function createVisibleStream(): { push(chunk: string): string; end(): string } {
  let buffered = '';
  return {
    push(chunk) {
      const text = buffered + chunk;
      buffered = text.endsWith('\r') ? '\r' : '';
      return visibleText(buffered === '' ? text : text.slice(0, -1));
    },
    end() {
      const rest = visibleText(buffered);
      buffered = '';
      return rest;
    },
  };
}

/** Escapes characters that JSON does not escape but terminals interpret. */
export function visibleJson(json: string): string {
  return json.replaceAll(invisible, (character) =>
    character === '\n' || character === '\t' ? character : jsonEscape(character),
  );
}

/** Whether `visibleText` would change more than line ends. */
export function isDangerous(text: string): boolean {
  return visibleText(text) !== text;
}

/** In UTF-16 code units, as JSON and YAML strings need them. */
function jsonEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
