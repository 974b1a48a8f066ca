/**
 * The values of a hash database of Berkeley DB (`Packages` of rpm up to 4.15), of either byte
 * order. All pages are read in file order instead of hash order, because every value is
 * needed. Layout: db_page.h of Berkeley DB 5.3.
 */
import { ReadError } from '../reader.ts';
import type { OnDamage } from './damage.ts';

const hashMagic = 0x00061561;
const pageHeaderBytes = 26;
const pageType = { unsortedHash: 2, overflow: 7, hashMeta: 8, hash: 13 } as const;
const itemType = { inline: 1, duplicates: 2, offPage: 3, offPageDuplicates: 4 } as const;

interface Database {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  readonly pages: number;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Overflow pages that were used: each belongs to one value. */
  readonly seen: Uint8Array;
  readonly maxBytes: number;
  readonly onDamage: OnDamage;
}

export interface HashOptions {
  /** Longer values are skipped as damage. */
  readonly maxBytes: number;
  readonly onDamage: OnDamage;
}

export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Each key with its value. Throws ReadError when the file is of another format. */
export function* readHash(bytes: Buffer, options: HashOptions): Generator<Pair, void, undefined> {
  const database = openDatabase(bytes, options);
  for (let page = 1; page < database.pages; page += 1) {
    const type = bytes[page * database.pageBytes + 25];
    if (type === pageType.hash || type === pageType.unsortedHash) yield* readPage(database, page);
  }
}

function openDatabase(bytes: Buffer, { maxBytes, onDamage }: HashOptions): Database {
  if (bytes.length < 512) throw new ReadError('damaged', 'not a Berkeley DB database');
  const little = bytes.readUInt32LE(12) === hashMagic;
  if (!little && bytes.readUInt32BE(12) !== hashMagic) {
    throw new ReadError('damaged', 'not a Berkeley DB hash database');
  }
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const pageBytes = u32(20);
  const isPower = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  if (bytes[25] !== pageType.hashMeta || !isPower) {
    throw new ReadError('damaged', `a database of page type ${bytes[25]}, pages of ${pageBytes}`);
  }
  if (bytes[24] !== 0) throw new ReadError('encrypted', 'an encrypted Berkeley DB database');
  const pages = Math.floor(bytes.length / pageBytes);
  const stated = u32(32) + 1;
  if (stated > pages || bytes.length % pageBytes !== 0) {
    onDamage('damaged', `the database has ${stated} pages, the file ${bytes.length / pageBytes}`);
  }
  const seen = new Uint8Array(pages);
  return { bytes, pageBytes, pages, u16, u32, seen, maxBytes, onDamage };
}

/** Items are stored from the end of the page to its start, keys and values alternating. */
function* readPage(database: Database, page: number): Generator<Pair, void, undefined> {
  const { pageBytes, u16, onDamage } = database;
  const start = page * pageBytes;
  const count = u16(start + 20);
  if (pageHeaderBytes + 2 * count > pageBytes || count % 2 !== 0) {
    onDamage('damaged', `page ${page} has ${count} items`);
    return;
  }
  let end = pageBytes;
  let key: Buffer | undefined;
  for (let index = 0; index < count; index += 1) {
    const place = u16(start + pageHeaderBytes + 2 * index);
    if (place < pageHeaderBytes + 2 * count || place >= end) {
      onDamage('damaged', `an item of page ${page} is outside of it`);
      return;
    }
    const item = readItem(database, start + place, start + end);
    end = place;
    if (index % 2 === 0) key = item;
    else if (key !== undefined && item !== undefined) yield { key, value: item };
  }
}

function readItem(database: Database, start: number, end: number): Buffer | undefined {
  const { bytes, u32, onDamage } = database;
  const type = bytes[start];
  if (type === itemType.inline) return bytes.subarray(start + 1, end);
  if (type === itemType.offPage && start + 12 <= end) {
    return joinPages(database, u32(start + 4), u32(start + 8));
  }
  onDamage('unsupported', `an item of type ${type}`);
  return undefined;
}

function joinPages(database: Database, first: number, sizeBytes: number): Buffer | undefined {
  const { bytes, pageBytes, pages, u16, u32, seen, maxBytes, onDamage } = database;
  if (sizeBytes > Math.min(maxBytes, bytes.length)) {
    onDamage('damaged', `a value of ${sizeBytes} bytes`);
    return undefined;
  }
  const pieces: Buffer[] = [];
  let left = sizeBytes;
  let page = first;
  while (left > 0) {
    const start = page * pageBytes;
    const isOverflow = page > 0 && page < pages && bytes[start + 25] === pageType.overflow;
    if (!isOverflow || seen[page] === 1) {
      onDamage('damaged', `page ${page} is not an overflow page of this value`);
      return undefined;
    }
    seen[page] = 1;
    const length = u16(start + 22);
    const isPlace = length > 0 && pageHeaderBytes + length <= pageBytes && length <= left;
    if (!isPlace) {
      onDamage('damaged', `overflow page ${page} holds ${length} bytes`);
      return undefined;
    }
    pieces.push(bytes.subarray(start + pageHeaderBytes, start + pageHeaderBytes + length));
    left -= length;
    page = u32(start + 16);
  }
  return Buffer.concat(pieces);
}
