/**
 * Makes package databases of rpm in its three formats. SQLite's is written by SQLite; those of ndb
 * and of Berkeley DB are written here after rpm's rpmpkg.c and Berkeley DB's db_page.h, with only
 * the fields that a reader uses.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface SqliteShape {
  readonly pageBytes?: number;
  /** Another table's name, for a database without packages. */
  readonly table?: string;
}

export function sqliteDatabase(blobs: readonly Buffer[], shape: SqliteShape = {}): Buffer {
  return sqliteTable(shape.table ?? 'Packages', blobs, shape.pageBytes);
}

/** A table of numbered values next to another one. */
export function sqliteTable(
  table: string,
  values: readonly (Buffer | string)[],
  pageBytes = 4_096,
): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'lazaret-sqlite-'));
  try {
    const file = join(directory, 'table.sqlite');
    const database = new DatabaseSync(file);
    database.exec(`PRAGMA page_size = ${pageBytes}; VACUUM`);
    database.exec('CREATE TABLE Name (key TEXT, hnum INTEGER)');
    database.exec(
      `CREATE TABLE '${table}' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`,
    );
    const insert = database.prepare(`INSERT INTO '${table}' (blob) VALUES (?)`);
    database.exec('BEGIN');
    for (const value of values) insert.run(value);
    database.exec('COMMIT');
    database.close();
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One page of slots, so at most 254 packages; with a free slot between the others. */
export function ndbDatabase(blobs: readonly Buffer[]): Buffer {
  const page = Buffer.alloc(4_096);
  page.write('RpmP', 0, 'latin1');
  page.writeUInt32LE(1, 8);
  page.writeUInt32LE(1, 12);
  page.writeUInt32LE(blobs.length + 1, 16);
  for (let at = 32; at < page.length; at += 16) page.write('Slot', at, 'latin1');
  const parts: Buffer[] = [page];
  let block = page.length / 16;
  blobs.forEach((blob, index) => {
    const bytes = ndbBlob(blob, index + 1);
    const slot = 32 + 32 * index;
    page.writeUInt32LE(index + 1, slot + 4);
    page.writeUInt32LE(block, slot + 8);
    page.writeUInt32LE(bytes.length / 16, slot + 12);
    parts.push(bytes);
    block += bytes.length / 16;
  });
  return Buffer.concat(parts);
}

function ndbBlob(blob: Buffer, index: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil((16 + blob.length + 12) / 16) * 16);
  bytes.write('BlbS', 0, 'latin1');
  bytes.writeUInt32LE(index, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(blob.length, 12);
  blob.copy(bytes, 16);
  bytes.writeUInt32LE(blob.length, bytes.length - 8);
  bytes.write('BlbE', bytes.length - 4, 'latin1');
  return bytes;
}

export interface BerkeleyShape {
  readonly pageBytes?: number;
  readonly order?: 'little' | 'big';
}

/** A page for each package; values that do not fit into a quarter page are on overflow pages. */
export function berkeleyDatabase(blobs: readonly Buffer[], shape: BerkeleyShape = {}): Buffer {
  const { pageBytes = 4_096, order = 'little' } = shape;
  const pages: Buffer[] = [Buffer.alloc(pageBytes)];
  const counter = Buffer.alloc(4, blobs.length);
  for (const [index, blob] of [counter, ...blobs].entries()) {
    const key = Buffer.alloc(5);
    key[0] = 1;
    u32(key, index, 1);
    const page = startPage(13);
    const value = blob.length < pageBytes / 4 ? inline(blob) : offPage(blob);
    u16(page, 2, 20);
    u16(page, pageBytes - key.length, 26);
    u16(page, pageBytes - key.length - value.length, 28);
    key.copy(page, pageBytes - key.length);
    value.copy(page, pageBytes - key.length - value.length);
  }
  const meta = pages[0] as Buffer;
  u32(meta, 0x00061561, 12);
  u32(meta, 9, 16);
  u32(meta, pageBytes, 20);
  meta[25] = 8;
  u32(meta, pages.length - 1, 32);
  return Buffer.concat(pages);

  function startPage(type: number): Buffer {
    const page = Buffer.alloc(pageBytes);
    u32(page, pages.length, 8);
    page[25] = type;
    pages.push(page);
    return page;
  }

  function inline(blob: Buffer): Buffer {
    return Buffer.concat([Buffer.of(1), blob]);
  }

  function offPage(blob: Buffer): Buffer {
    const item = Buffer.alloc(12);
    item[0] = 3;
    u32(item, pages.length, 4);
    u32(item, blob.length, 8);
    const room = pageBytes - 26;
    for (let at = 0; at < blob.length; at += room) {
      const piece = blob.subarray(at, at + room);
      const page = startPage(7);
      if (at + room < blob.length) u32(page, pages.length, 16);
      u16(page, piece.length, 22);
      piece.copy(page, 26);
    }
    return item;
  }

  function u16(bytes: Buffer, value: number, at: number): void {
    if (order === 'little') bytes.writeUInt16LE(value, at);
    else bytes.writeUInt16BE(value, at);
  }

  function u32(bytes: Buffer, value: number, at: number): void {
    if (order === 'little') bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
  }
}
