/**
 * A package's header as rpm's databases store it: two counts, an index of tags, and a data store
 * that the index refers to, all big-endian. Format: rpm's reference manual, "RPM Package format".
 */

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';

const entryBytes = 16;
const typeChar = 1;
const typeInt8 = 2;
const typeInt16 = 3;
const typeInt32 = 4;
const typeString = 6;
const typeStringArray = 8;
const typeI18nString = 9;
const numberBytes: ReadonlyMap<number, number> = new Map([
  [typeChar, 1],
  [typeInt8, 1],
  [typeInt16, 2],
  [typeInt32, 4],
]);

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

export interface RpmHeader {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly store: Buffer;
}

/** Throws ReadError when the counts do not fit the bytes. */
export function parseHeader(blob: Buffer): RpmHeader {
  if (blob.length < 8) throw new ReadError('damaged', 'a header of less than 8 bytes');
  const count = blob.readUInt32BE(0);
  const storeBytes = blob.readUInt32BE(4);
  if (count > inventoryLimits.rpmHeaderEntries) {
    throw new ReadError('too_many', `a header with ${count} tags`);
  }
  const start = 8 + count * entryBytes;
  if (start + storeBytes > blob.length) {
    throw new ReadError('damaged', `a header of ${start + storeBytes} bytes in ${blob.length}`);
  }
  const entries = new Map<number, Entry>();
  for (let at = 8; at < start; at += entryBytes) {
    const tag = blob.readUInt32BE(at);
    const entry = {
      type: blob.readUInt32BE(at + 4),
      offset: blob.readUInt32BE(at + 8),
      count: blob.readUInt32BE(at + 12),
    };
    if (!entries.has(tag)) entries.set(tag, entry);
  }
  return { entries, store: blob.subarray(start, start + storeBytes) };
}

/**
 * The bytes of each string of a tag, none when it has another type. Throws when they are truncated.
 */
export function* stringsOf(
  { entries, store }: RpmHeader,
  tag: number,
): Generator<Buffer, void, undefined> {
  const entry = entries.get(tag);
  if (entry === undefined) return;
  const { type, offset, count } = entry;
  if (type !== typeString && type !== typeStringArray && type !== typeI18nString) return;
  if (count > inventoryLimits.ownedFiles)
    throw new ReadError('too_many', `tag ${tag} has ${count} values`);
  let start = offset;
  for (let left = type === typeString ? 1 : count; left > 0; left -= 1) {
    const end = start < store.length ? store.indexOf(0, start) : -1;
    if (end === -1) throw new ReadError('damaged', `tag ${tag} points outside the header`);
    yield store.subarray(start, end);
    start = end + 1;
  }
}

/** The numbers of a tag, none when it has another type. Throws when they are truncated. */
export function numbersOf({ entries, store }: RpmHeader, tag: number): number[] {
  const entry = entries.get(tag);
  const size = numberBytes.get(entry?.type ?? -1);
  if (entry === undefined || size === undefined) return [];
  const { offset, count } = entry;
  if (count > inventoryLimits.ownedFiles)
    throw new ReadError('too_many', `tag ${tag} has ${count} values`);
  const end = offset + count * size;
  if (end > store.length) throw new ReadError('damaged', `tag ${tag} points outside the header`);
  const numbers: number[] = [];
  for (let at = offset; at < end; at += size) numbers.push(store.readUIntBE(at, size));
  return numbers;
}
