/**
 * Compact storage of file rows: a layer with a million files would take more than a gigabyte as
 * objects, twice while it is sent to another thread. Rows are encoded in transferable buffers and
 * decoded on access.
 */
import { fileType } from '@lazaret/protocol';
import type { FileRow } from '@lazaret/protocol';

/** Buffers that can be transferred to another thread. */
export interface RowBlock {
  readonly fixed: Uint8Array<ArrayBuffer>;
  readonly text: Uint8Array<ArrayBuffer>;
}

export interface PackedData {
  readonly length: number;
  readonly kinds: readonly string[];
  readonly blocks: readonly RowBlock[];
}

const rowsPerBlock = 4_096;
const types = fileType.options;

/** Collects rows, as objects while they are few. */
export class RowStore {
  readonly #plainRows: number;
  readonly #kinds = new Map<string, number>();
  readonly #blocks: RowBlock[] = [];
  /** All rows, or those not in a block yet. */
  #open: FileRow[] = [];
  #length = 0;

  /** The number of rows above which they are packed. */
  constructor(plainRows: number) {
    this.#plainRows = plainRows;
  }

  get length(): number {
    return this.#length;
  }

  push(row: FileRow): void {
    this.#open.push(row);
    this.#length += 1;
    if (this.#length <= this.#plainRows) return;
    while (this.#open.length >= rowsPerBlock) {
      this.#blocks.push(packBlock(this.#open.splice(0, rowsPerBlock), this.#kinds));
    }
  }

  at(row: number): FileRow | undefined {
    const packed = this.#blocks.length * rowsPerBlock;
    return row >= packed ? this.#open[row - packed] : readRow(this.#data(), row);
  }

  /** All rows; no row may be added afterwards. */
  rows(): readonly FileRow[] {
    if (this.#length <= this.#plainRows) return this.#open;
    if (this.#open.length > 0) this.#blocks.push(packBlock(this.#open, this.#kinds));
    this.#open = [];
    return packedRows(this.#data());
  }

  #data(): PackedData {
    return { length: this.#length, kinds: [...this.#kinds.keys()], blocks: this.#blocks };
  }
}

/** Packs rows when they are many. */
export function packRows(rows: readonly FileRow[], plainRows: number): readonly FileRow[] {
  if (rows.length <= plainRows || packedData(rows) !== undefined) return rows;
  const store = new RowStore(0);
  for (const row of rows) store.push(row);
  return store.rows();
}

const dataOf = new WeakMap<readonly FileRow[], PackedData>();

/** The data of packed rows; undefined for other arrays. */
export function packedData(rows: readonly FileRow[]): PackedData | undefined {
  return dataOf.get(rows);
}

/** Packed rows as a read-only array: each access decodes the row. */
export function packedRows(data: PackedData): readonly FileRow[] {
  const target: FileRow[] = [];
  const rows = new Proxy(target, {
    get(_, key) {
      if (key === 'length') return data.length;
      const row = indexOf(key);
      return row === undefined ? (Reflect.get(target, key) as unknown) : readRow(data, row);
    },
    has(_, key) {
      const row = indexOf(key);
      return row === undefined ? Reflect.has(target, key) : row < data.length;
    },
    set: () => false,
  });
  dataOf.set(rows, data);
  return rows;
}

function indexOf(key: string | symbol): number | undefined {
  if (typeof key === 'symbol') return undefined;
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 ? Number(key) : undefined;
}

// One row in `fixed`; numbers little-endian.
const rowBytes = 120;
const at = {
  type: 0,
  flags: 1,
  mode: 2,
  kind: 4,
  pathBytes: 6,
  uid: 8,
  gid: 16,
  sizeBytes: 24,
  mtimeMs: 32,
  text: 40,
  extraBytes: 44,
  sha256: 48,
  sha1: 80,
  md5: 100,
} as const;
const has = { sha256: 1, sha1: 2, md5: 4 } as const;
const noKind = 0xffff;

function packBlock(rows: readonly FileRow[], kinds: Map<string, number>): RowBlock {
  const fixed = Buffer.from(new ArrayBuffer(rows.length * rowBytes));
  const texts: Buffer[] = [];
  let textBytes = 0;
  for (const [index, row] of rows.entries()) {
    const start = index * rowBytes;
    const { rawPath, linkPath, device, capabilities, similarity } = row;
    const extra = { rawPath, linkPath, device, capabilities, similarity };
    const extraText = JSON.stringify(extra);
    const path = Buffer.from(row.path);
    const extraBytes = Buffer.from(extraText === '{}' ? '' : extraText);
    fixed.writeUInt32LE(textBytes, start + at.text);
    fixed.writeUInt16LE(path.length, start + at.pathBytes);
    fixed.writeUInt32LE(extraBytes.length, start + at.extraBytes);
    texts.push(path, extraBytes);
    textBytes += path.length + extraBytes.length;
    packNumbers(fixed, start, row);
    fixed.writeUInt16LE(kindNumber(row.kind, kinds), start + at.kind);
    packDigests(fixed, start, row);
  }
  const text = Buffer.from(new ArrayBuffer(textBytes));
  let offset = 0;
  for (const each of texts) offset += each.copy(text, offset);
  return { fixed: ownBytes(fixed), text: ownBytes(text) };
}

/** A buffer that owns its memory. */
function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer);
}

function packNumbers(fixed: Buffer, start: number, row: FileRow): void {
  fixed[start + at.type] = types.indexOf(row.type);
  fixed.writeUInt16LE(row.mode, start + at.mode);
  for (const field of ['uid', 'gid', 'sizeBytes', 'mtimeMs'] as const) {
    fixed.writeDoubleLE(row[field], start + at[field]);
  }
}

function kindNumber(kind: string | undefined, kinds: Map<string, number>): number {
  if (kind === undefined) return noKind;
  const known = kinds.get(kind) ?? kinds.size;
  kinds.set(kind, known);
  return known;
}

function packDigests(fixed: Buffer, start: number, row: FileRow): void {
  let flags = 0;
  for (const name of ['sha256', 'sha1', 'md5'] as const) {
    const digest = row[name];
    if (digest === undefined) continue;
    fixed.write(digest, start + at[name], 'hex');
    flags |= has[name];
  }
  fixed[start + at.flags] = flags;
}

function readRow({ length, kinds, blocks }: PackedData, row: number): FileRow | undefined {
  const block = row < length ? blocks[Math.floor(row / rowsPerBlock)] : undefined;
  if (block === undefined) return undefined;
  const { buffer } = block.fixed;
  const start = (row % rowsPerBlock) * rowBytes;
  const fixed = Buffer.from(buffer, start, rowBytes);
  const text = Buffer.from(block.text.buffer);
  const pathAt = fixed.readUInt32LE(at.text);
  const pathEnd = pathAt + fixed.readUInt16LE(at.pathBytes);
  const extraEnd = pathEnd + fixed.readUInt32LE(at.extraBytes);
  const flags = fixed[at.flags] ?? 0;
  const kind = kinds[fixed.readUInt16LE(at.kind)];
  const digest = (name: 'sha256' | 'sha1' | 'md5', size: number): Partial<FileRow> =>
    (flags & has[name]) === 0 ? {} : { [name]: fixed.toString('hex', at[name], at[name] + size) };
  return {
    path: text.toString('utf8', pathAt, pathEnd),
    type: types[fixed[at.type] ?? 0] ?? 'unknown',
    mode: fixed.readUInt16LE(at.mode),
    uid: fixed.readDoubleLE(at.uid),
    gid: fixed.readDoubleLE(at.gid),
    sizeBytes: fixed.readDoubleLE(at.sizeBytes),
    mtimeMs: fixed.readDoubleLE(at.mtimeMs),
    ...digest('sha256', 32),
    ...digest('sha1', 20),
    ...digest('md5', 16),
    ...(kind !== undefined && { kind }),
    ...(extraEnd > pathEnd &&
      (JSON.parse(text.toString('utf8', pathEnd, extraEnd)) as Partial<FileRow>)),
  };
}
