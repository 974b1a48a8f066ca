/** Valid and invalid zip archives for tests. */
import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';

import type { ZipLimits } from '../zip-entry.ts';

export const zipLimits: ZipLimits = {
  entries: 1_000,
  ratio: 1_000,
  ratioFreeBytes: 1024 * 1024,
  notes: 100,
};

export interface ZipSample {
  readonly path: string | Buffer;
  readonly content?: string | Uint8Array;
  /** Default 8 (deflate); content is stored under an unknown number. */
  readonly method?: number;
  readonly flags?: number;
  readonly mode?: number;
  readonly extra?: Buffer;
  /** The compressed bytes as they are. */
  readonly raw?: Buffer;
  /** Claims that need not be true. */
  readonly sizeBytes?: number;
  readonly crc32?: number;
  readonly localPath?: string;
  /** Has no entry in the directory. */
  readonly isUnlisted?: boolean;
  /** Its sizes follow its data. */
  readonly sizesFollow?: boolean;
  /** Its sizes are in an extra field. */
  readonly zip64?: boolean;
  /** Its directory entry points here instead. */
  readonly offset?: number;
}

export interface ZipSampleOptions {
  readonly prefix?: Buffer;
  /** Whether offsets count from the end of the prefix (default) or from the start of the bytes. */
  readonly countsPrefix?: boolean;
  readonly comment?: Buffer;
  readonly trailing?: Buffer;
  readonly zip64?: boolean;
  readonly count?: number;
  readonly directoryOffset?: number;
  readonly directorySize?: number;
}

export function zipArchive(samples: Iterable<ZipSample>, options: ZipSampleOptions = {}): Buffer {
  const prefix = options.prefix ?? Buffer.alloc(0);
  const shift = options.countsPrefix === true ? prefix.length : 0;
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const sample of samples) {
    const { local, entry } = member(sample, at + shift);
    locals.push(local);
    if (sample.isUnlisted !== true) entries.push(entry);
    at += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = endRecords({
    count: options.count ?? entries.length,
    size: options.directorySize ?? directory.length,
    offset: options.directoryOffset ?? at + shift,
    endOffset: at + shift + directory.length,
    comment: options.comment ?? Buffer.alloc(0),
    zip64: options.zip64 === true,
  });
  return Buffer.concat([prefix, ...locals, directory, end, options.trailing ?? Buffer.alloc(0)]);
}

function member(sample: ZipSample, offset: number): { local: Buffer; entry: Buffer } {
  const content = Buffer.from(sample.content ?? '');
  const method = sample.method ?? 8;
  const data = sample.raw ?? pack(content, method);
  const name = Buffer.from(sample.path);
  const localName = sample.localPath === undefined ? name : Buffer.from(sample.localPath);
  const crc = sample.crc32 ?? crc32(content);
  const size = sample.sizeBytes ?? content.length;
  const isUtf8 = typeof sample.path === 'string' ? 0x800 : 0;
  const flags = (sample.flags ?? isUtf8) | (sample.sizesFollow === true ? 8 : 0);
  const fields = { flags, method, crc, size, packed: data.length, zip64: sample.zip64 === true };
  const large = fields.zip64 ? zip64Extra(size, data.length) : Buffer.alloc(0);
  const extra = Buffer.concat([large, sample.extra ?? Buffer.alloc(0)]);

  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  common(
    local,
    4,
    sample.sizesFollow === true ? { ...fields, crc: 0, size: 0, packed: 0 } : fields,
  );
  local.writeUInt16LE(localName.length, 26);
  local.writeUInt16LE(extra.length, 28);

  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(sample.mode === undefined ? 20 : (3 << 8) | 20, 4);
  common(entry, 6, fields);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(((sample.mode ?? 0) << 16) >>> 0, 38);
  entry.writeUInt32LE(sample.offset ?? offset, 42);

  const tail = sample.sizesFollow === true ? descriptor(fields) : Buffer.alloc(0);
  return {
    local: Buffer.concat([local, localName, extra, data, tail]),
    entry: Buffer.concat([entry, name, extra]),
  };
}

interface Fields {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly packed: number;
  readonly zip64: boolean;
}

function common(header: Buffer, at: number, fields: Fields): void {
  header.writeUInt16LE(20, at);
  header.writeUInt16LE(fields.flags, at + 2);
  header.writeUInt16LE(fields.method, at + 4);
  header.writeUInt16LE(0x21, at + 8);
  header.writeUInt32LE(fields.crc, at + 10);
  header.writeUInt32LE(fields.zip64 ? 0xffffffff : fields.packed, at + 14);
  header.writeUInt32LE(fields.zip64 ? 0xffffffff : fields.size, at + 18);
}

function descriptor({ crc, packed, size }: Fields): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeUInt32LE(packed, 8);
  bytes.writeUInt32LE(size, 12);
  return bytes;
}

function zip64Extra(size: number, packed: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(16, 2);
  bytes.writeBigUInt64LE(BigInt(size), 4);
  bytes.writeBigUInt64LE(BigInt(packed), 12);
  return bytes;
}

function pack(content: Buffer, method: number): Buffer {
  if (method === 8) return deflateRawSync(content);
  return method === 93 ? zstdCompressSync(content) : content;
}

interface EndFields {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
  readonly endOffset: number;
  readonly comment: Buffer;
  readonly zip64: boolean;
}

function endRecords({ count, size, offset, endOffset, comment, zip64 }: EndFields): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count & 0xffff, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count & 0xffff, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : size, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  if (!zip64) return Buffer.concat([end, comment]);
  const large = Buffer.alloc(76);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(44n, 4);
  large.writeBigUInt64LE(BigInt(count), 24);
  large.writeBigUInt64LE(BigInt(count), 32);
  large.writeBigUInt64LE(BigInt(size), 40);
  large.writeBigUInt64LE(BigInt(offset), 48);
  large.writeUInt32LE(0x07064b50, 56);
  large.writeBigUInt64LE(BigInt(endOffset), 64);
  large.writeUInt32LE(1, 72);
  return Buffer.concat([large, end, comment]);
}

/** An archive of many empty members, named by six digits; quick to make. */
export function manyMembers(count: number): Buffer {
  const [local, entry] = [Buffer.alloc(36), Buffer.alloc(52)];
  zipArchive([{ path: '000000', method: 0 }]).copy(local);
  zipArchive([{ path: '000000', method: 0 }]).copy(entry, 0, 36);
  const bytes = Buffer.alloc(count * (local.length + entry.length));
  const directory = count * local.length;
  for (let at = 0; at < count; at += 1) {
    const name = String(at).padStart(6, '0');
    local.copy(bytes, at * 36);
    bytes.write(name, at * 36 + 30, 'latin1');
    entry.copy(bytes, directory + at * 52);
    bytes.write(name, directory + at * 52 + 46, 'latin1');
    bytes.writeUInt32LE(at * 36, directory + at * 52 + 42);
  }
  const end = { count, size: count * 52, offset: directory, endOffset: bytes.length };
  return Buffer.concat([bytes, endRecords({ ...end, comment: Buffer.alloc(0), zip64: true })]);
}
