/**
 * Values as PHP's `serialize` writes them (https://www.php.net/manual/function.serialize.php):
 * scalars and arrays. Objects are refused, lengths are limited to the available bytes, and arrays
 * are read without recursion.
 */

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';

export type PhpValue = string | number | boolean | null | Map<string | number, PhpValue>;

interface Level {
  readonly map: Map<string | number, PhpValue>;
  key: string | number | undefined;
}

/** Throws ReadError on anything else, and above `inventoryLimits.readerJsonValues` values. */
export function readPhpSerialized(bytes: Buffer): PhpValue {
  const levels: Level[] = [];
  let at = 0;
  for (let count = 0; count < inventoryLimits.readerJsonValues; count += 1) {
    const level = levels.at(-1);
    if (level !== undefined && level.key === undefined && bytes[at] === 0x7d) {
      at += 1;
      levels.pop();
      if (levels.length === 0) return level.map;
      continue;
    }
    const { value, end } = valueAt(bytes, at);
    at = end;
    if (!place(level, value)) return value;
    if (value instanceof Map) levels.push({ map: value, key: undefined });
    if (levels.length > inventoryLimits.readerJsonDepth)
      throw new ReadError('too_deep', 'arrays in arrays');
  }
  throw new ReadError('too_many', `more than ${inventoryLimits.readerJsonValues} values`);
}

/** Puts a value or a key into its array; false for a top-level value that is not an array. */
function place(level: Level | undefined, value: PhpValue): boolean {
  if (level === undefined) return value instanceof Map;
  if (level.key !== undefined) {
    level.map.set(level.key, value);
    level.key = undefined;
    return true;
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new ReadError('damaged', 'an array has a key that is neither a string nor a number');
  }
  level.key = value;
  return true;
}

function valueAt(bytes: Buffer, start: number): { value: PhpValue; end: number } {
  const head = bytes.toString('latin1', start, start + 40);
  const [match, size] = /^s:([0-9]{1,10}):"/.exec(head) ?? [];
  if (match !== undefined) {
    const from = start + match.length;
    const to = from + Number(size);
    if (bytes.toString('latin1', to, to + 2) !== '";') throw damaged(start);
    return { value: bytes.toString('utf8', from, to), end: to + 2 };
  }
  const [scalar, kind, text] = /^([ibdN]):?([^;]{0,32});/.exec(head) ?? [];
  if (scalar !== undefined) return { value: scalarOf(kind, text), end: start + scalar.length };
  const [opening] = /^a:[0-9]{1,10}:\{/.exec(head) ?? [];
  if (opening === undefined) throw damaged(start);
  return { value: new Map(), end: start + opening.length };
}

function scalarOf(kind: string | undefined, text: string | undefined): PhpValue {
  if (kind === 'N') return null;
  return kind === 'b' ? text === '1' : Number(text);
}

function damaged(at: number): ReadError {
  return new ReadError('damaged', `is not a serialized PHP value at byte ${at}`);
}
