/**
 * String literals in Ruby source: `"a".freeze`, `'a'`, `%q<a>`, and lists of those.
 * Interpolation, constants and calls cannot be evaluated without running them.
 */
import { inventoryLimits } from '../limits.ts';

const closing: Readonly<Record<string, string>> = { '<': '>', '(': ')', '[': ']', '{': '}' };
const between = /(?:\.freeze)?[\s,]*/y;

/** The strings of an expression that is one literal or a list of them, or undefined. */
export function readLiterals(expression: string): string[] | undefined {
  const isList = expression.startsWith('[');
  const texts: string[] = [];
  let at = isList ? 1 : 0;
  while (texts.length < inventoryLimits.packageDependencies) {
    const found = literalAt(expression, at);
    if (found === undefined) break;
    texts.push(found.text);
    between.lastIndex = found.end;
    between.test(expression);
    at = between.lastIndex;
    if (!isList) break;
  }
  if (isList && expression[at] !== ']') return undefined;
  const rest = expression.slice(isList ? at + 1 : at);
  // Only a condition on the version of RubyGems may follow.
  return texts.length > 0 && /^(?:\.freeze)?(?:\s*| if .*)$/.test(rest) ? texts : undefined;
}

/** The literal at the start of an argument list. */
export function readFirstLiteral(expression: string): string | undefined {
  return literalAt(expression, 0)?.text;
}

interface Literal {
  readonly text: string;
  readonly end: number;
}

function literalAt(source: string, start: number): Literal | undefined {
  const quote = source[start];
  if (quote === '"' || quote === "'") return quoted(source, { start: start + 1, close: quote });
  const [, mark, open] = /^%([qQ]?)([<([{|!])/.exec(source.slice(start, start + 3)) ?? [];
  if (mark === undefined || open === undefined) return undefined;
  const begin = start + 2 + mark.length;
  const close = closing[open] ?? open;
  return quoted(source, { start: begin, close, isPlain: mark === 'q' });
}

interface Quoted {
  readonly start: number;
  readonly close: string;
  /** Whether escapes and interpolation are not processed. */
  readonly isPlain?: boolean;
}

function quoted(source: string, { start, close, isPlain }: Quoted): Literal | undefined {
  let text = '';
  for (let at = start; at < source.length; at += 1) {
    const character = source[at] ?? '';
    if (character === close) return { text, end: at + 1 };
    const isEscape = character === '\\';
    if (character === '#' && source[at + 1] === '{' && close !== "'" && isPlain !== true) {
      return undefined;
    }
    if (isEscape) at += 1;
    text += isEscape ? (source[at] ?? '') : character;
  }
  return undefined;
}
