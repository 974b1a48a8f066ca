/**
 * CEL text to its syntax tree. The parser of the library reports most mistakes at the start of the
 * construct that contains them ("found . but expecting end of input"), so the common ones are found
 * here first, by a scan over brackets, quotes and operators.
 */
import { parse } from '@bufbuild/cel';

import { policyLimits } from '../limits.ts';
import type { ExpressionFault } from './expression-fault.ts';

export type ParsedExpression = ReturnType<typeof parse>;
export type Expression = ParsedExpression['expr'];
/** Position, in the text, of each node of the tree by its ID. */
export type Positions = Readonly<Record<string, number>>;

export type ParseResult =
  | { readonly parsed: ParsedExpression; readonly fault?: undefined }
  | { readonly parsed?: undefined; readonly fault: ExpressionFault };

export function parseExpression(text: string): ParseResult {
  const { expressionChars } = policyLimits;
  if (text.length > expressionChars) {
    const message = `the expression has ${text.length} characters (limit ${expressionChars})`;
    return { fault: { offset: 0, message } };
  }
  if (text.trim() === '') return { fault: { offset: 0, message: 'the expression is empty' } };
  const scanned = scan(text);
  if (scanned !== undefined) return { fault: scanned };
  try {
    // a comment at the end needs a line break
    return { parsed: parse(`${text}\n`) };
  } catch (error) {
    return { fault: toFault(error, text) };
  }
}

interface SyntaxFailure {
  readonly location: { readonly start: { readonly offset: number } };
}

function toFault(error: unknown, text: string): ExpressionFault {
  if (!(error instanceof Error)) throw error;
  if (!('location' in error)) return { offset: 0, message: `not valid CEL: ${error.message}` };
  const { offset } = (error as Error & SyntaxFailure).location.start;
  const rest = text.slice(offset);
  const shown = /^\s*(\w+|\S)/.exec(rest)?.[1];
  const found = shown === undefined ? 'end of the expression' : `"${shown}"`;
  return {
    offset: Math.min(offset + (rest.length - rest.trimStart().length), text.length),
    message: `not valid CEL: unexpected ${found}${adviceOn(shown)}`,
  };
}

function adviceOn(word: string | undefined): string {
  const operator = word === undefined ? undefined : operatorWords[word.toLowerCase()];
  if (operator !== undefined) return `; write ${operator}`;
  if (word === '.') return '; the call or field after it is not complete';
  return '; expected an operator, or the end of the expression';
}

/** What people write in other languages. */
const operatorWords: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  is: '==',
  like: '.matches("...") or .glob("...")',
  '=': '==',
};

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Finds unbalanced brackets and quotes, too deep nesting, and `=`, `&` and `|` alone. */
function scan(text: string): ExpressionFault | undefined {
  const open: { readonly char: string; readonly offset: number }[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '"' || char === "'") {
      const end = endOfString(text, at);
      if (end === undefined) return { offset: at, message: `missing closing ${char}` };
      at = end;
    } else if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else {
      const fault = scanBracket(open, char, at) ?? scanOperator(text, at);
      if (fault !== undefined) return fault;
      at += isDouble(text, at) ? 2 : 1;
    }
  }
  const last = open.at(-1);
  if (last === undefined) return undefined;
  return { offset: last.offset, message: `missing ${closing[last.char]} for this ${last.char}` };
}

function scanBracket(
  open: { readonly char: string; readonly offset: number }[],
  char: string,
  offset: number,
): ExpressionFault | undefined {
  if (char in closing) {
    open.push({ char, offset });
    if (open.length <= policyLimits.expressionDepth) return undefined;
    const message = `nested deeper than ${policyLimits.expressionDepth} brackets`;
    return { offset, message };
  }
  if (char !== ')' && char !== ']' && char !== '}') return undefined;
  const last = open.pop();
  if (last !== undefined && closing[last.char] === char) return undefined;
  const expected = last === undefined ? 'no open bracket' : `${closing[last.char]} first`;
  return { offset, message: `unexpected ${char}; expected ${expected}` };
}

const doubles = ['==', '!=', '<=', '>=', '&&', '||'];

function isDouble(text: string, at: number): boolean {
  return doubles.includes(text.slice(at, at + 2));
}

function scanOperator(text: string, at: number): ExpressionFault | undefined {
  const char = text[at] ?? '';
  if (/\d/.test(char)) return scanNumber(text, at);
  if (isDouble(text, at) || !['=', '&', '|'].includes(char)) return undefined;
  return { offset: at, message: `unexpected "${char}"; write ${char}${char}` };
}

/** CEL reads `0755` as 755, which is never what is meant. */
function scanNumber(text: string, at: number): ExpressionFault | undefined {
  const isStart = !/[\w.]/.test(text[at - 1] ?? '');
  const octal = isStart ? /^0\d+/.exec(text.slice(at, at + 20))?.[0] : undefined;
  if (octal === undefined) return undefined;
  return { offset: at, message: `CEL has no octal numbers; write octal("${octal}")` };
}

/** The offset after a string that starts at an offset; undefined if it does not end. */
function endOfString(text: string, start: number): number | undefined {
  const quote = text[start] ?? '';
  const isRaw = /[rR][bB]?$/.test(text.slice(Math.max(0, start - 2), start));
  const isTriple = text.startsWith(quote.repeat(3), start);
  const end = isTriple ? quote.repeat(3) : quote;
  let at = start + end.length;
  while (at < text.length) {
    if (text[at] === '\\' && !isRaw) at += 2;
    else if (text.startsWith(end, at)) return at + end.length;
    else if (!isTriple && text[at] === '\n') return undefined;
    else at += 1;
  }
  return undefined;
}
