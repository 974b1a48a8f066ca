/** Lines as ranges of bytes, so that unused lines are never decoded. */
import { isUtf8 } from 'node:buffer';

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';

export interface Line {
  readonly start: number;
  /** Without the line feed and a carriage return before it. */
  readonly end: number;
  /** Whether a line feed ends it; the last line of a file may have none. */
  readonly closed: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Throws ReadError above `inventoryLimits.readerLines`, because a reader blocks its thread. */
export function* linesOf(bytes: Buffer): Generator<Line, void, undefined> {
  let start = 0;
  let left: number = inventoryLimits.readerLines;
  while (start < bytes.length) {
    left -= 1;
    if (left < 0) throw new ReadError('too_many', `more than ${inventoryLimits.readerLines} lines`);
    const found = bytes.indexOf(lineFeed, start);
    const closed = found !== -1;
    const next = closed ? found : bytes.length;
    const end = next > start && bytes[next - 1] === carriageReturn ? next - 1 : next;
    yield { start, end, closed };
    start = next + 1;
  }
}

/** Text as UTF-8, or as latin1 when it is not that: old packages have author names in it. */
export function textOf(bytes: Buffer, from = 0, to: number = bytes.length): string {
  const text = bytes.toString('utf8', from, to);
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(from, to))) return text;
  return bytes.toString('latin1', from, to);
}
