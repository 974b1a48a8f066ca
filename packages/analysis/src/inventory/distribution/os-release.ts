/** Files of shell assignments, within os-release(5). */
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';

const lineBytes = 64 * 1024;

/** The variables, the last assignment of each; invalid lines are reported as warnings. */
export function parseAssignments(bytes: Buffer, warnings: ParseWarnings): Map<string, string> {
  const variables = new Map<string, string>();
  let number = 0;
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    if (end - start > lineBytes) {
      warnings.add('too_large', `line ${number} has ${end - start} bytes`);
      continue;
    }
    const text = textOf(bytes, start, end)
      .replace(/^\ufeff/, '')
      .trim();
    if (text === '' || text.startsWith('#')) continue;
    const cut = text.indexOf('=');
    const name = text.slice(0, Math.max(cut, 0)).trim();
    const value = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? unquote(text.slice(cut + 1)) : undefined;
    if (value === undefined) warnings.add('damaged', `line ${number} is not an assignment`);
    else variables.set(name, value);
  }
  return variables;
}

/** In double quotes, in single quotes, or unquoted; undefined for an unterminated quote. */
function unquote(text: string): string | undefined {
  const trimmed = text.trim();
  const quote = trimmed[0];
  if (quote !== '"' && quote !== "'") return trimmed.replaceAll(/\\(.)/g, '$1');
  if (trimmed.length < 2 || !trimmed.endsWith(quote)) return undefined;
  const inner = trimmed.slice(1, -1);
  if (quote === "'") return inner;
  // A backslash before the closing quote makes it a part of the text, which then never ends.
  if (/(?<!\\)(?:\\\\)*\\$/.test(inner)) return undefined;
  return inner.replaceAll(/\\(["$`\\])/g, '$1');
}
