/** Creates a sealed set (sealed-set.ts) of digests in ascending order. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

import { ListError } from '../lists/list-error.ts';
import { knownSoftwareFlag, knownThreatFlag } from './hash-flags.ts';
import type { HashList } from './hash-list.ts';
import { headerBytes, indexBytes, prefixes, recordBytes, sealedMagic } from './sealed-set.ts';
import type { SealedEntry, SealedHeader } from './sealed-set.ts';

export type SealedTerms = Omit<SealedHeader, 'entries' | 'software' | 'threats' | 'contentSha256'>;

/**
 * Writes a temporary file next to `path` and renames it, so that a reader gets the old set or the
 * new one. Equal digests become one with all flags. Throws ListError when they are not ascending.
 */
export function writeSealedSet(
  path: string,
  terms: SealedTerms,
  entries: Iterable<SealedEntry>,
): SealedHeader {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w');
  try {
    const counts = writeRecords(file, entries);
    writeSync(file, counts.index, 0, indexBytes, headerBytes);
    const contentSha256 = digestContent(temporary, counts.entries);
    const { entries: total, software, threats } = counts;
    const header = { ...terms, entries: total, software, threats, contentSha256 };
    writeSync(file, headerBlock(header), 0, headerBytes, 0);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
    return header;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The SHA-256 digests of a list, in order; weaker ones cannot be sealed. */
export function sealList(list: HashList): readonly SealedEntry[] {
  const flags = list.kind === 'deny' ? knownThreatFlag : knownSoftwareFlag;
  return [...list.entries.values()]
    .filter(({ algorithm }) => algorithm === 'sha256')
    .map(({ digest }) => ({ sha256: digest, flags }))
    .toSorted((one, other) => (one.sha256 < other.sha256 ? -1 : 1));
}

interface Written {
  readonly index: Buffer;
  readonly entries: number;
  readonly software: number;
  readonly threats: number;
}

function writeRecords(file: number, entries: Iterable<SealedEntry>): Written {
  const firsts = new Uint32Array(prefixes + 1);
  const output = new RecordOutput(file);
  let last = Buffer.alloc(0);
  let flags = 0;
  const counts = { entries: 0, software: 0, threats: 0 };
  const put = (): void => {
    if (last.length === 0) return;
    output.add(last, flags);
    counts.entries += 1;
    if ((flags & knownThreatFlag) !== 0) counts.threats += 1;
    if ((flags & knownSoftwareFlag) !== 0) counts.software += 1;
    const next = last.readUInt16BE(0) + 1;
    firsts[next] = (firsts[next] ?? 0) + 1;
  };
  for (const entry of entries) {
    const digest = Buffer.from(entry.sha256, 'hex');
    if (digest.length !== recordBytes - 1) throw new ListError('only SHA-256 can be sealed');
    const order = last.length === 0 ? -1 : last.compare(digest);
    if (order > 0) throw new ListError('digests to be sealed must ascend');
    if (order === 0) {
      flags |= entry.flags;
      continue;
    }
    put();
    last = digest;
    flags = entry.flags;
  }
  put();
  output.end();
  return { index: sumUp(firsts), ...counts };
}

/** Numbers of records with each prefix become indexes of the first of them. */
function sumUp(counts: Uint32Array): Buffer {
  const index = Buffer.alloc(indexBytes);
  let sum = 0;
  for (let prefix = 0; prefix <= prefixes; prefix += 1) {
    sum += counts[prefix] ?? 0;
    index.writeUInt32LE(sum, prefix * 4);
  }
  return index;
}

class RecordOutput {
  readonly #file: number;
  readonly #piece = Buffer.alloc(recordBytes * 32_768);
  #used = 0;
  #position = headerBytes + indexBytes;

  constructor(file: number) {
    this.#file = file;
  }

  add(digest: Buffer, flags: number): void {
    if (this.#used === this.#piece.length) this.end();
    digest.copy(this.#piece, this.#used);
    this.#piece[this.#used + recordBytes - 1] = flags;
    this.#used += recordBytes;
  }

  end(): void {
    for (let done = 0; done < this.#used;) {
      done += writeSync(this.#file, this.#piece, done, this.#used - done, this.#position + done);
    }
    this.#position += this.#used;
    this.#used = 0;
  }
}

function digestContent(path: string, entries: number): string {
  const sha256 = createHash('sha256');
  const file = openSync(path, 'r');
  const piece = Buffer.alloc(1 << 20);
  const end = headerBytes + indexBytes + entries * recordBytes;
  for (let at = headerBytes; at < end;) {
    const count = readSync(file, piece, 0, Math.min(piece.length, end - at), at);
    sha256.update(piece.subarray(0, count));
    at += Math.max(count, 1);
  }
  closeSync(file);
  return sha256.digest('hex');
}

function headerBlock(header: SealedHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  if (json.length > headerBytes - 12) throw new ListError('the terms of the set are too long');
  const block = Buffer.alloc(headerBytes);
  sealedMagic.copy(block);
  block.writeUInt32LE(json.length, 8);
  json.copy(block, 12);
  return block;
}
