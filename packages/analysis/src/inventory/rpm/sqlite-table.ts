/**
 * Reads the rows of one table of an SQLite database from its bytes, without SQLite: untrusted files
 * do not reach a library in C, nor a disk. Format: https://www.sqlite.org/fileformat2.html
 * Every page of a valid database is referenced once, so each is visited at most once; that ends
 * cycles of pages and of overflow pages, and keeps the work linear.
 */
import { ReadError } from '../reader.ts';
import type { OnDamage } from './damage.ts';

const magic = 'SQLite format 3\0';
const interior = 0x05;
const leaf = 0x0d;
/** The schema has five columns, packages have two. */
const columnsRead = 5;

interface Database {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  /** The part of a page that content may fill. */
  readonly usableBytes: number;
  readonly pages: number;
  readonly seen: Uint8Array;
  readonly maxBytes: number;
  readonly onDamage: OnDamage;
}

export interface TableOptions {
  readonly table: string;
  /** Longer values are skipped as damage. */
  readonly maxBytes: number;
  readonly onDamage: OnDamage;
}

export type Value = number | bigint | Buffer | null;

/**
 * The rows of a table, their columns as stored (text as its bytes). Throws ReadError when
 * it is not a database or lacks the table; damage after that is reported, and the rest is read.
 */
export function* readTable(
  bytes: Buffer,
  { table, maxBytes, onDamage }: TableOptions,
): Generator<Value[], void, undefined> {
  const database = openDatabase(bytes, maxBytes, onDamage);
  const root = findRoot(database, table);
  for (const payload of readTree(database, root)) {
    const row = readRecord(payload);
    if (row === undefined) onDamage('damaged', 'a row is not a record');
    else yield row;
  }
}

function openDatabase(bytes: Buffer, maxBytes: number, onDamage: OnDamage): Database {
  if (bytes.length < 512 || bytes.toString('latin1', 0, 16) !== magic) {
    throw new ReadError('damaged', 'not an SQLite database');
  }
  const written = bytes.readUInt16BE(16);
  const pageBytes = written === 1 ? 65_536 : written;
  const usableBytes = pageBytes - (bytes[20] ?? 0);
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0 || usableBytes < 480) {
    throw new ReadError('damaged', `a database with pages of ${written} bytes`);
  }
  const pages = Math.ceil(bytes.length / pageBytes);
  const seen = new Uint8Array(pages + 1);
  const stated = bytes.readUInt32BE(28);
  if (bytes.length % pageBytes !== 0 || stated > pages) {
    onDamage('damaged', `the database has ${stated} pages, the file ${bytes.length / pageBytes}`);
  }
  return { bytes, pageBytes, usableBytes, pages, seen, maxBytes, onDamage };
}

/** The first page of the table by the schema: type, name, table, root page, statement. */
function findRoot(database: Database, table: string): number {
  for (const payload of readTree(database, 1)) {
    const [type, name, , root] = readRecord(payload) ?? [];
    if (!Buffer.isBuffer(type) || !Buffer.isBuffer(name) || typeof root !== 'number') continue;
    if (type.toString('latin1') === 'table' && name.toString('latin1') === table) return root;
  }
  throw new ReadError('damaged', `a database without the table ${table}`);
}

/** The payloads of a table b-tree, left to right. */
function* readTree(database: Database, root: number): Generator<Buffer, void, undefined> {
  const waiting = [root];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    const page = takePage(database, number);
    if (page === undefined) continue;
    const at = number === 1 ? 100 : 0;
    const type = page[at];
    const cells = cellPlaces(database, page, at);
    if (cells === undefined || (type !== interior && type !== leaf)) {
      database.onDamage('damaged', `page ${number} is not a table page`);
    } else if (type === leaf) {
      yield* readLeaf(database, page, cells);
    } else if (waiting.length + cells.length >= database.pages) {
      // Pages still to be visited are distinct in a valid tree.
      database.onDamage('damaged', `page ${number} refers to more pages than exist`);
    } else {
      waiting.push(page.readUInt32BE(at + 8));
      for (const cell of cells.toReversed()) waiting.push(page.readUInt32BE(cell));
    }
  }
}

/** A page by its number, 1 the first, unless it is not there or was visited before. */
function takePage(database: Database, number: number): Buffer | undefined {
  const { bytes, pageBytes, usableBytes, pages, seen, onDamage } = database;
  const start = (number - 1) * pageBytes;
  if (number < 1 || number > pages || start + usableBytes > bytes.length) {
    onDamage('damaged', `page ${number} is not in the file`);
    return undefined;
  }
  if (seen[number] === 1) {
    onDamage('damaged', `page ${number} is used twice`);
    return undefined;
  }
  seen[number] = 1;
  return bytes.subarray(start, start + usableBytes);
}

/** Where the cells of a page begin; each is followed by at least four bytes. */
function cellPlaces(database: Database, page: Buffer, at: number): number[] | undefined {
  const isLeaf = page[at] === leaf;
  const count = page.readUInt16BE(at + 3);
  const first = at + (isLeaf ? 8 : 12);
  if (first + 2 * count > page.length) return undefined;
  const places: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const place = page.readUInt16BE(first + 2 * index);
    if (place < first + 2 * count || place + 4 > page.length) {
      database.onDamage('damaged', 'a cell is outside of its page');
    } else places.push(place);
  }
  return places;
}

function* readLeaf(
  database: Database,
  page: Buffer,
  cells: readonly number[],
): Generator<Buffer, void, undefined> {
  const { usableBytes, maxBytes, onDamage } = database;
  let used = 0;
  for (const cell of cells) {
    const size = varint(page, cell);
    const row = size === undefined ? undefined : varint(page, size.next);
    if (size === undefined || row === undefined || size.value > maxBytes) {
      onDamage('damaged', 'a row has an impossible size');
      continue;
    }
    const local = localBytes(size.value, usableBytes);
    used += local;
    // Overlapping cells would make the work more than linear.
    if (row.next + local > page.length || used > page.length) {
      onDamage('damaged', 'rows do not fit into their page');
      continue;
    }
    const start = page.subarray(row.next, row.next + local);
    const whole =
      local === size.value
        ? start
        : joinOverflow(database, start, {
            sizeBytes: size.value,
            first: row.next + local + 4 <= page.length ? page.readUInt32BE(row.next + local) : 0,
          });
    if (whole !== undefined) yield whole;
  }
}

/** How many bytes of a payload are in the leaf itself, section 1.6 of the format. */
function localBytes(sizeBytes: number, usableBytes: number): number {
  const most = usableBytes - 35;
  if (sizeBytes <= most) return sizeBytes;
  const least = Math.floor(((usableBytes - 12) * 32) / 255) - 23;
  const wanted = least + ((sizeBytes - least) % (usableBytes - 4));
  return wanted <= most ? wanted : least;
}

function joinOverflow(
  database: Database,
  start: Buffer,
  { sizeBytes, first }: { readonly sizeBytes: number; readonly first: number },
): Buffer | undefined {
  const pieces = [start];
  let left = sizeBytes - start.length;
  let next = first;
  while (left > 0) {
    if (next === 0) {
      database.onDamage('damaged', 'a row ends before its size');
      return undefined;
    }
    const page = takePage(database, next);
    if (page === undefined) return undefined;
    const piece = page.subarray(4, Math.min(page.length, 4 + left));
    pieces.push(piece);
    left -= piece.length;
    next = page.readUInt32BE(0);
  }
  return Buffer.concat(pieces);
}

/** The first columns of a record, or undefined when its header does not fit its bytes. */
function readRecord(payload: Buffer): Value[] | undefined {
  const header = varint(payload, 0);
  if (header === undefined || header.value > payload.length) return undefined;
  const values: Value[] = [];
  let at = header.next;
  let body = header.value;
  while (at < header.value && values.length < columnsRead) {
    const type = varint(payload, at);
    if (type === undefined) return undefined;
    const bytes = columnBytes(type.value);
    if (body + bytes > payload.length) return undefined;
    values.push(columnValue(type.value, payload.subarray(body, body + bytes)));
    body += bytes;
    at = type.next;
  }
  return values;
}

const fixedBytes: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function columnBytes(type: number): number {
  return fixedBytes[type] ?? (type - (type % 2 === 0 ? 12 : 13)) / 2;
}

function columnValue(type: number, bytes: Buffer): Value {
  if (type >= 12) return bytes;
  if (type >= 1 && type <= 5) return bytes.readIntBE(0, bytes.length);
  if (type === 6) return bytes.readBigInt64BE(0);
  if (type === 7) return bytes.readDoubleBE(0);
  return type === 8 ? 0 : type === 9 ? 1 : null;
}

interface Varint {
  readonly value: number;
  readonly next: number;
}

/**
 * Up to nine bytes, big end first. Above 2^53 it is not exact, and larger than any accepted size.
 */
function varint(bytes: Buffer, from: number): Varint | undefined {
  let value = 0;
  for (let count = 0; count < 9; count += 1) {
    const byte = bytes[from + count];
    if (byte === undefined) return undefined;
    value = count === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
    if (count === 8 || byte < 0x80) return { value, next: from + count + 1 };
  }
  return undefined;
}
