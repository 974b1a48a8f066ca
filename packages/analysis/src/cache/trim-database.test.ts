// Not in the quick check: databases of real size are trimmed.
/** What is evicted, when, and how much space remains used. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { imageToCache, inspectCached } from '../testing/cached-image.ts';
import { openCache } from './open-cache.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-trim-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const key = (name: string) => ({ digest: `sha256:${name}`, part: 'files', profile: '1' });
/** Text that takes about its length when it is compressed. */
const bulky = (seed: number): string =>
  Array.from({ length: 400 }, (_, at) => Math.sin(seed * 400 + at).toString(36)).join('');

async function bytesOnDisk(): Promise<number> {
  const sizes = (await readdir(directory)).map(
    async (name) => (await stat(join(directory, name))).size,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

test('the most recently used entries are kept, however old', () => {
  const names = Array.from({ length: 200 }, (_, at) => String(at));
  const first = openCache(directory);
  for (const [at, name] of names.entries()) first.putPart(key(name), bulky(at));
  first.close();
  const second = openCache(directory);
  const used = names.filter((_, at) => at % 10 === 0);
  for (const name of used) expect(second.getPart(key(name))).toBeTypeOf('string');
  second.trim(400_000);
  const left = names.filter((name) => second.getPart(key(name)) !== undefined);
  second.close();
  expect(left).toEqual(expect.arrayContaining(used));
  expect(left.length).toBeGreaterThan(used.length);
  // Of the unused ones the newest.
  const unused = left.filter((name) => !used.includes(name)).map(Number);
  expect(Math.min(...unused)).toBeGreaterThan(200 - 2 * unused.length);
});

test.each([1_000_000, 300_000, 40_000])('the files have at most %s bytes', async (most) => {
  const cache = openCache(directory);
  for (let at = 0; at < 400; at += 1) {
    cache.putPart(key(String(at)), bulky(at));
    cache.putFileDigest(`file ${at}`, `sha256:${at}`);
  }
  cache.trim(most);
  cache.close();
  expect(await bytesOnDisk()).toBeLessThanOrEqual(most);
});

test('a limit below the minimum leaves an empty usable cache', () => {
  const cache = openCache(directory);
  for (let at = 0; at < 100; at += 1) cache.putPart(key(String(at)), bulky(at));
  cache.trim(0);
  expect(cache.getPart(key('99'))).toBeUndefined();
  cache.putPart(key('new'), 'kept');
  expect(cache.getPart(key('new'))).toBe('kept');
  cache.close();
  expect(cache.warning).toBeUndefined();
});

test('clock changes affect neither the results nor the eviction', async () => {
  const [old, kept] = await Promise.all([imageToCache('old'), imageToCache('kept')]);
  const cold = [(await inspectCached(old)).text, (await inspectCached(kept)).text];
  const cache = { directory, maxBytes: 1e9 };
  const times = [Date.UTC(2100, 0), 0, Date.UTC(2026, 0), -1e12, Number.MAX_SAFE_INTEGER];
  let turn = 0;
  /** A different time at every call. */
  const now = (): number => times[(turn += 1) % times.length] ?? 0;
  for (let run = 0; run < times.length; run += 1) {
    expect((await inspectCached(old, { cache, now })).text).toBe(cold[0]);
  }
  for (const time of times) {
    const run = await inspectCached(kept, { cache, now: () => time });
    expect([run.text, run.warnings]).toEqual([cold[1], []]);
  }
  const states = async (image: typeof old, maxBytes: number): Promise<string[]> => {
    const run = await inspectCached(image, { cache: { directory, maxBytes }, now });
    return run.report.layers.map(({ state }) => state);
  };
  const opened = openCache(directory);
  opened.trim((await bytesOnDisk()) * 0.6);
  opened.close();
  expect(await states(kept, 1e9)).toEqual(['cached', 'cached']);
  expect(await states(old, 1e9)).toContain('examined');
});
