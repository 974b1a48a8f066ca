/**
 * Group 8, and the archive of 600,000 entries: stored layers that exhaust the resources of a
 * careless reader.
 */
import { createGzip, gzipSync, zstdCompressSync } from 'node:zlib';

import { manyMembers, zipArchive } from '../../archive/testing/zip-samples.ts';
import { buildTar } from '../image-builder.ts';
import { rawMember } from '../raw-tar.ts';
import { file } from './hostile-case.ts';

const MiB = 1024 * 1024;

export interface Bomb {
  readonly name: string;
  /** The stored layer, in chunks. */
  stored(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly gaps: readonly string[];
}

/** The header of a file of this many bytes, in base 256. */
function headerOf(sizeBytes: number): Buffer {
  return rawMember({
    name: 'zeros',
    change: (block) => {
      block.fill(0, 124, 136).writeUInt8(0x80, 124);
      block.writeBigUInt64BE(BigInt(sizeBytes), 128);
    },
  });
}

async function* members(count: number, nameOf: (at: number) => string): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: 1 });
  const feed = (async () => {
    for (let from = 0; from < count; from += 1_000) {
      const some = Array.from({ length: 1_000 }, (_, at) => longNamed(nameOf(from + at)));
      if (!gzip.write(Buffer.concat(some))) {
        await new Promise((resolve) => gzip.once('drain', resolve));
      }
    }
    gzip.end(Buffer.alloc(1_024));
  })();
  yield* gzip as AsyncIterable<Uint8Array>;
  await feed;
}

function longNamed(name: string): Buffer {
  if (name.length <= 100) return rawMember({ name });
  const long = rawMember({ name: '././@LongLink', flag: 'L', content: Buffer.from(name) });
  return Buffer.concat([long, rawMember({})]);
}

async function* oneFile(path: string, content: Buffer): AsyncGenerator<Uint8Array> {
  yield gzipSync(await buildTar([file(path, content)]));
}

function nestedZips(levels: number, width: number): Buffer {
  let bytes = zipArchive([{ path: '0', content: Buffer.alloc(8 * MiB) }]);
  for (let level = 0; level < levels; level += 1) {
    const content = bytes;
    bytes = zipArchive(Array.from({ length: width }, (_, at) => ({ path: `${at}`, content })));
  }
  return bytes;
}

export const bombs: readonly Bomb[] = [
  {
    name: '600,000 empty entries',
    stored: () => members(600_000, (at) => `some/directory-${at % 100}/entry-${at}`),
    gaps: ['layer: too_many'],
  },
  {
    name: 'names of 4,000 bytes',
    stored: () => members(30_000, (at) => `${'d'.repeat(3_990)}${at}`),
    gaps: ['layer: too_many'],
  },
  {
    name: '10 MB of gzip that expand to 10 GB',
    *stored() {
      yield gzipSync(headerOf(10 * 1024 * MiB));
      const zeros = gzipSync(Buffer.alloc(64 * MiB), { level: 9 });
      for (let count = 0; count < 160; count += 1) yield zeros;
    },
    gaps: ['layer: ratio'],
  },
  {
    name: 'a layer of zstd that expands to 4 GB',
    *stored() {
      yield zstdCompressSync(headerOf(4 * 1024 * MiB));
      const zeros = zstdCompressSync(Buffer.alloc(64 * MiB));
      for (let count = 0; count < 64; count += 1) yield zeros;
    },
    gaps: ['layer: ratio'],
  },
  {
    name: 'a kilobyte of zstd in a file that expands to 4 GB',
    stored: () => {
      const zeros = zstdCompressSync(Buffer.alloc(64 * MiB));
      const all = Buffer.concat(Array.from({ length: 64 }, () => zeros));
      return oneFile('bomb.zst', zstdCompressSync(all));
    },
    gaps: ['unpacking: ratio'],
  },
  {
    name: 'zips in zips, five deep and sixteen wide',
    stored: () => oneFile('42.zip', nestedZips(5, 16)),
    gaps: ['unpacking: ratio'],
  },
  {
    name: 'zips in zips, thirty deep',
    stored: () => oneFile('deep.zip', nestedZips(30, 1)),
    gaps: ['unpacking: too_deep'],
  },
  {
    name: 'jars of 200,000 members',
    stored: () => oneFile('many.jar', manyMembers(200_000)),
    gaps: ['inventory:java: too_many', 'unpacking: too_many'],
  },
];
