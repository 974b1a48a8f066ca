/**
 * Colours of terminal output (ECMA-48, "select graphic rendition") as spans. No other escape
 * sequence is interpreted: it is kept in the text and made visible.
 */
import { splitInvisible } from '@lazaret/protocol';

export interface AnsiStyle {
  /** 0 to 15: the eight colours and their bright ones. */
  readonly foreground?: number;
  readonly background?: number;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

export interface AnsiSpan {
  readonly text: string;
  readonly style: AnsiStyle;
  /** The text replaces an invisible character. */
  readonly escaped: boolean;
}

export const plainStyle: AnsiStyle = {};

// oxlint-disable-next-line no-control-regex -- escape sequences start with a control character
const rendition = /\u001b\[([0-9;:]{0,64})m/g;

/** Parses one line into spans, starting with the style at the end of the previous line. */
export function parseAnsi(
  line: string,
  start: AnsiStyle = plainStyle,
): { spans: AnsiSpan[]; style: AnsiStyle } {
  const spans: AnsiSpan[] = [];
  let style = start;
  let from = 0;
  const push = (text: string): void => {
    for (const part of splitInvisible(text, '\t')) spans.push({ ...part, style });
  };
  for (const match of line.matchAll(rendition)) {
    push(line.slice(from, match.index));
    style = applyCodes(style, match[1] ?? '');
    from = match.index + match[0].length;
  }
  push(line.slice(from));
  return { spans, style };
}

/** CSS classes of a style. */
export function ansiClasses(style: AnsiStyle): string {
  const names: string[] = [];
  if (style.foreground !== undefined) names.push(`ansi-fg-${style.foreground}`);
  if (style.background !== undefined) names.push(`ansi-bg-${style.background}`);
  if (style.bold === true) names.push('ansi-bold');
  if (style.dim === true) names.push('ansi-dim');
  if (style.italic === true) names.push('ansi-italic');
  if (style.underline === true) names.push('ansi-underline');
  if (style.inverse === true) names.push('ansi-inverse');
  return names.join(' ');
}

function applyCodes(style: AnsiStyle, text: string): AnsiStyle {
  const codes =
    text === '' ? [0] : text.split(/[;:]/).map((code) => Number(code === '' ? 0 : code));
  let next: AnsiStyle = style;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes.slice(index + 1));
      index += used;
      next = { ...next, ...colourChange(code === 38, colour) };
    } else {
      next = applyCode(next, code);
    }
  }
  return next;
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return plainStyle;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 3) return { ...style, italic: true };
  if (code === 4) return { ...style, underline: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 23) return { ...style, italic: false };
  if (code === 24) return { ...style, underline: false };
  if (code === 27) return { ...style, inverse: false };
  if (code === 39) return without(style, 'foreground');
  if (code === 49) return without(style, 'background');
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}

/** Only the first 16 of the 256 colours are supported; others are ignored. */
function extendedColour(rest: readonly number[]): { colour: number | undefined; used: number } {
  if (rest[0] === 5) {
    const colour = rest[1];
    return { colour: colour !== undefined && colour < 16 ? colour : undefined, used: 2 };
  }
  return { colour: undefined, used: rest[0] === 2 ? 4 : 0 };
}

function colourChange(isForeground: boolean, colour: number | undefined): AnsiStyle {
  if (colour === undefined) return {};
  return isForeground ? { foreground: colour } : { background: colour };
}

function without(style: AnsiStyle, key: 'foreground' | 'background'): AnsiStyle {
  const { [key]: _removed, ...rest } = style;
  return rest;
}
