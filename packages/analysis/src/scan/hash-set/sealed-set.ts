/**
 * A sealed set: SHA-256 digests in one read-only file, for lookups with one positioned read.
 *
 *     bytes 0-7      `LZHSET1\n`
 *     bytes 8-11     length of the header's JSON, little-endian
 *     to 4,096       the header, padded with zeros
 *     262,148 bytes  65,537 numbers of 32 bits, little-endian: for each value of a digest's first
 *                    two bytes the index of its first record, and the count of records at the end
 *     33 bytes each  records in ascending order: the digest, and the flags of hash-flags.ts
 *
 * The header's `contentSha256` is the digest of all that follows the header.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { z } from 'zod';

import { ListError } from '../lists/list-error.ts';

export const sealedMagic = Buffer.from('LZHSET1\n');
export const headerBytes = 4_096;
export const prefixes = 65_536;
export const indexBytes = (prefixes + 1) * 4;
export const recordBytes = 33;

/** Records that are read at once; a larger range is halved first. */
const bucketRecords = 2_048;

export const sealedHeader = z.object({
  name: z.string(),
  /** Origin of the digests. */
  source: z.string(),
  release: z.string(),
  /** ISO 8601, as given by its creator. */
  madeAt: z.string(),
  expiresAt: z.string().optional(),
  reason: z.string().optional(),
  entries: z.number().int().nonnegative(),
  software: z.number().int().nonnegative(),
  threats: z.number().int().nonnegative(),
  contentSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealedHeader = z.output<typeof sealedHeader>;

export interface SealedEntry {
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  readonly flags: number;
}

/** An open sealed set. */
export class SealedSet {
  readonly header: SealedHeader;
  readonly #file: number;
  readonly #index: Buffer;

  private constructor(file: number, header: SealedHeader, index: Buffer) {
    this.#file = file;
    this.header = header;
    this.#index = index;
  }

  /** Opens it, and checks header, size and index. Throws ListError, or the system's error. */
  static open(path: string): SealedSet {
    const file = openSync(path, 'r');
    try {
      const header = readHeader(file);
      const index = readIndex(file, header.entries);
      return new SealedSet(file, header, index);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** The flags of a digest (hexadecimal), undefined when it is not in the set. */
  find(sha256: string): number | undefined {
    const digest = Buffer.from(sha256, 'hex');
    if (digest.length !== recordBytes - 1) return undefined;
    const prefix = digest.readUInt16BE(0);
    let low = this.#index.readUInt32LE(prefix * 4);
    let high = this.#index.readUInt32LE(prefix * 4 + 4);
    while (high - low > bucketRecords) {
      const middle = low + ((high - low) >>> 1);
      if (this.#read(middle, 1).compare(digest, 0, 32, 0, 32) <= 0) low = middle;
      else high = middle;
    }
    return findRecord(this.#read(low, high - low), digest);
  }

  /** Reads everything and verifies the digest in the header. */
  verify(): boolean {
    const sha256 = createHash('sha256');
    const piece = Buffer.alloc(1 << 20);
    const end = headerBytes + indexBytes + this.header.entries * recordBytes;
    for (let at = headerBytes; at < end;) {
      const count = readSync(this.#file, piece, 0, Math.min(piece.length, end - at), at);
      if (count === 0) return false;
      sha256.update(piece.subarray(0, count));
      at += count;
    }
    return sha256.digest('hex') === this.header.contentSha256;
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(from: number, count: number): Buffer {
    const bytes = Buffer.alloc(count * recordBytes);
    readFully(this.#file, bytes, headerBytes + indexBytes + from * recordBytes);
    return bytes;
  }
}

function findRecord(records: Buffer, digest: Buffer): number | undefined {
  let low = 0;
  let high = records.length / recordBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const from = middle * recordBytes;
    const order = records.compare(digest, 0, 32, from, from + 32);
    if (order === 0) return records[from + 32];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function readHeader(file: number): SealedHeader {
  const bytes = Buffer.alloc(headerBytes);
  readFully(file, bytes, 0);
  const length = bytes.readUInt32LE(8);
  if (!bytes.subarray(0, 8).equals(sealedMagic) || length > headerBytes - 12) {
    throw new ListError('this is not a sealed set of digests');
  }
  const parsed = sealedHeader.safeParse(parseJson(bytes.toString('utf8', 12, 12 + length)));
  if (!parsed.success) throw new ListError('the header of the sealed set is damaged');
  const expected = headerBytes + indexBytes + parsed.data.entries * recordBytes;
  if (fstatSync(file).size !== expected) throw new ListError('the sealed set is truncated');
  return parsed.data;
}

/** Lookups trust the index, so it must be ascending, and end with the count. */
function readIndex(file: number, entries: number): Buffer {
  const index = Buffer.alloc(indexBytes);
  readFully(file, index, headerBytes);
  let last = 0;
  for (let at = 0; at < indexBytes; at += 4) {
    const value = index.readUInt32LE(at);
    if (value < last) throw new ListError('the index of the sealed set is damaged');
    last = value;
  }
  if (last !== entries) throw new ListError('the index of the sealed set is damaged');
  return index;
}

function readFully(file: number, bytes: Buffer, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(file, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw new ListError('the sealed set ends early');
    done += count;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
