/** Shared by tests of the archive readers: arbitrary entries, chunkings and complete reads. */
import fc from 'fast-check';

import { readTar } from '../read-tar.ts';
import type { TarEntry, TarOptions } from '../tar-entry.ts';
import { writeTar } from '../write-tar.ts';
import type { TarInput } from '../write-tar.ts';

export const roomyLimits: TarOptions = {
  entries: 1_000,
  totalBytes: 64 * 1024 * 1024,
  entryBytes: 16 * 1024 * 1024,
  pathBytes: 4_096,
  paxBytes: 64 * 1024,
};

/** An entry with its content read. */
export type ReadEntry = Omit<TarEntry, 'content'> & { readonly bytes: Buffer };

export async function readAll(
  stream: AsyncIterable<Uint8Array>,
  options: TarOptions = roomyLimits,
): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  for await (const { content, ...facts } of readTar(stream, options)) {
    entries.push({ ...facts, bytes: await gather(content) });
  }
  return entries;
}

export async function gather(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

export async function archive(entries: Iterable<TarInput>): Promise<Buffer> {
  return gather(writeTar(entries));
}

/** The bytes cut at the given places, each chunk in a buffer that is overwritten after use. */
export async function* chunked(
  bytes: Uint8Array,
  cuts: readonly number[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    const chunk = Uint8Array.from(bytes.subarray(from, to));
    yield chunk;
    chunk.fill(0xaa);
    from = to;
  }
}

export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(1_000_000), { maxLength: 60 });

const segment = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9._ -]{1,120}$/),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  )
  .map((text) => text.replaceAll(/[/\0]/g, '_').toWellFormed());
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const wholeSeconds = fc.integer({ min: 0, max: 8 ** 11 - 1 }).map((seconds) => seconds * 1_000);
const fineTime = fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 });
const owner = fc.oneof(fc.nat(8 ** 7), fc.nat(2 ** 31 - 1));
const common = {
  path,
  mode: fc.nat(0o7777),
  uid: owner,
  gid: owner,
  mtimeMs: fc.oneof(wholeSeconds, fineTime),
  xattrs: fc
    .dictionary(fc.stringMatching(/^user\.[a-z.]{1,20}$/), fc.uint8Array({ minLength: 1 }))
    .map((record) => new Map(Object.entries(record))),
};

export const tarInput: fc.Arbitrary<TarInput> = fc.oneof(
  fc.record({ ...common, content: fc.uint8Array({ maxLength: 3_000 }) }),
  fc.record({
    ...common,
    type: fc.constantFrom('symlink' as const, 'hardlink' as const),
    linkPath: path,
  }),
  fc.record({
    ...common,
    type: fc.constantFrom('directory' as const, 'fifo' as const, 'block-device' as const),
  }),
);
