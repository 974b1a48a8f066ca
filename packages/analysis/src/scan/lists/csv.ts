/** Comma-separated values, RFC 4180, as far as lists of digests need them. */

import { scanLimits } from '../limits.ts';
import { ListError } from './list-error.ts';

/**
 * Rows of fields. Quoted fields may contain commas, doubled quotes and line ends; lines that are
 * empty or begin with `#` or `%` are skipped. Throws ListError beyond `hashListEntries` rows.
 */
export function* parseCsv(text: string): Generator<readonly string[]> {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let rows = 0;
  while (at < text.length) {
    const row = readRow(text, at);
    const isComment = row.fields.length === 1 && row.fields[0]?.trim() === '';
    if (!isComment && !/[#%]/.test(text.charAt(at))) {
      rows += 1;
      if (rows > scanLimits.hashListEntries) throw new ListError('the list has too many rows');
      yield row.fields;
    }
    at = row.next;
  }
}

interface Row {
  readonly fields: readonly string[];
  readonly next: number;
}

function readRow(text: string, from: number): Row {
  const fields: string[] = [];
  let at = from;
  for (;;) {
    const field = text.charAt(at) === '"' ? readQuoted(text, at) : readPlain(text, at);
    fields.push(field.value);
    if (text.charAt(field.end) !== ',') return { fields, next: passLineEnd(text, field.end) };
    at = field.end + 1;
  }
}

interface Field {
  readonly value: string;
  readonly end: number;
}

function readPlain(text: string, from: number): Field {
  let end = from;
  while (end < text.length && !',\r\n'.includes(text.charAt(end))) end += 1;
  return { value: text.slice(from, end), end };
}

function readQuoted(text: string, from: number): Field {
  const parts: string[] = [];
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new ListError('a quoted field has no end');
    parts.push(text.slice(at, quote));
    if (text.charAt(quote + 1) !== '"') {
      // Text between the closing quote and the comma is ignored.
      return { value: parts.join(''), end: readPlain(text, quote + 1).end };
    }
    parts.push('"');
    at = quote + 2;
  }
}

function passLineEnd(text: string, at: number): number {
  return at + (text.startsWith('\r\n', at) ? 2 : 1);
}
