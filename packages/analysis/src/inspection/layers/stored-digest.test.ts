/** When the digest of a file is cached, and when it must not be. */
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openCache } from '../../cache/open-cache.ts';
import type { AnalysisCache } from '../../cache/open-cache.ts';
import type { SourceLayer } from '@lazaret/oci';
import { openFileBytes } from '../../source/file-bytes.ts';
import { digestOf } from '../../testing/image-builder.ts';
import { storedDigest } from './stored-digest.ts';

const hourMs = 3_600_000;
const one = Buffer.from('one state of the file');
const two = Buffer.from('two state of the file');
let directory = '';
let path = '';
let cache: AnalysisCache;
let reads = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-stored-'));
  path = join(directory, 'layer');
  await writeFile(path, one);
  cache = openCache(join(directory, 'cache'));
  reads = 0;
});
afterEach(async () => {
  cache.close();
  await rm(directory, { recursive: true, force: true });
});

/** The whole file; `meanwhile` runs after it was read. */
function layer(meanwhile?: () => Promise<void>): SourceLayer {
  const range = { offset: 0, sizeBytes: one.length };
  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    reads += 1;
    const file = await openFileBytes(path);
    try {
      yield* file.stream(range);
    } finally {
      await file.close();
    }
    await meanwhile?.();
  }
  return { file: { path, ...range }, ...range, open: () => Promise.resolve(read()) };
}

const later = async (): Promise<number> => (await stat(path)).ctimeMs + hourMs;

async function digestAt(nowMs: number, what = layer()): Promise<string | undefined> {
  return (await storedDigest(what, cache, () => nowMs)).digest;
}

test('an old file is hashed once', async () => {
  const now = await later();
  for (let run = 0; run < 3; run += 1) expect(await digestAt(now)).toBe(digestOf(one));
  expect(reads).toBe(1);
});

test('a rewritten file is hashed again, although size and mtime are the same', async () => {
  const { atime, mtime } = await stat(path);
  await digestAt(await later());
  await writeFile(path, two);
  await utimes(path, atime, mtime);
  expect(await digestAt(await later())).toBe(digestOf(two));
});

test('a file that is rewritten while it is hashed is not cached', async () => {
  const rewrite = (): Promise<void> => writeFile(path, two);
  expect(await digestAt(await later(), layer(rewrite))).toBe(digestOf(one));
  expect(await digestAt(await later())).toBe(digestOf(two));
});

test.each([
  ['so new that its next version may have the same time', 100],
  ['from the future, since the clock was set back', -hourMs],
])('a file that is %s is hashed every time', async (_, ageMs) => {
  const now = (await stat(path)).ctimeMs + ageMs;
  for (let run = 0; run < 3; run += 1) expect(await digestAt(now)).toBe(digestOf(one));
  expect(reads).toBe(3);
});
