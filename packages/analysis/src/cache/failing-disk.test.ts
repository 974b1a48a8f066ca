/**
 * Disks that are full, read-only or corrupt, restored backups, locks that are never released: an
 * inspection has the same result as without a cache, and a warning. Full and read-only disks are
 * small file systems in memory, which only root may mount.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isExhaustive } from '../../../../test/support/exhaustive.ts';

import { imageToCache, inspectCached } from '../testing/cached-image.ts';
import type { CachedRun } from '../testing/cached-image.ts';
import type { BuiltImage } from '../testing/image-builder.ts';
import { openCache } from './open-cache.ts';

const fileName = 'analysis.db';
let image: BuiltImage;
let other: BuiltImage;
let cold: CachedRun;
let otherCold: CachedRun;
let directory = '';

beforeAll(async () => {
  [image, other] = await Promise.all([imageToCache('one'), imageToCache('other')]);
  [cold, otherCold] = await Promise.all([inspectCached(image), inspectCached(other)]);
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-failing-disk-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function inspected(what: BuiltImage, place = directory, parallel = 0): Promise<CachedRun> {
  return inspectCached(what, { cache: { directory: place, maxBytes: 1e9 }, parallel });
}

/** The same numbers every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([1, 16, 256])('%s bytes changed anywhere in the file', async (count) => {
  await inspected(image);
  await inspected(other);
  const path = join(directory, fileName);
  const whole = readFileSync(path);
  const next = numbers(count);
  for (let round = 0; round < (isExhaustive ? 24 : 8); round += 1) {
    const bytes = Buffer.from(whole);
    for (let each = 0; each < count; each += 1) {
      bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
    }
    writeFileSync(path, bytes);
    for (const [what, { text }] of [
      [image, cold],
      [other, otherCold],
    ] as const) {
      expect((await inspected(what)).text).toBe(text);
    }
  }
});

describe('restored from a backup', () => {
  let backup = '';

  /** Three states of a cache in use: empty, with one image, with both; each with its log. */
  beforeEach(async () => {
    backup = join(directory, 'backup');
    const live = join(directory, 'live');
    await mkdir(backup);
    // While a process has it open, the log remains next to the file.
    const holder = openCache(live);
    const copy = (state: string): void => {
      for (const end of ['', '-wal']) {
        copyFileSync(join(live, `${fileName}${end}`), join(backup, `${state}${end}`));
      }
    };
    copy('empty');
    await inspected(image, live);
    copy('first');
    holder.trim(1e9);
    await inspected(other, live);
    copy('both');
    const database = new DatabaseSync(join(live, fileName));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    copy('settled');
    holder.close();
  });

  function restored(database: string | undefined, log: string | undefined): void {
    const path = join(directory, fileName);
    if (database !== undefined) copyFileSync(join(backup, database), path);
    if (log !== undefined) copyFileSync(join(backup, `${log}-wal`), `${path}-wal`);
  }

  test.each([
    ['an older copy', 'first', 'first'],
    ['the file without its log', 'both', undefined],
    ['an older file with a newer log', 'first', 'both'],
    ['a newer file with an older log', 'settled', 'first'],
    ['an empty file with the log of a full one', 'empty', 'both'],
    ['the log alone', undefined, 'both'],
  ] as const)('%s', async (_, database, log) => {
    restored(database, log);
    for (let run = 0; run < 2; run += 1) {
      expect((await inspected(image)).text).toBe(cold.text);
      expect((await inspected(other)).text).toBe(otherCold.text);
    }
  });

  test('a write-ahead log that is truncated anywhere, as after a kill or power loss', async () => {
    const { length } = readFileSync(join(backup, 'both-wal'));
    const next = numbers(7);
    for (let round = 0; round < (isExhaustive ? 24 : 8); round += 1) {
      restored('both', 'both');
      truncateSync(join(directory, `${fileName}-wal`), Math.floor(next() * length));
      expect((await inspected(image)).text).toBe(cold.text);
      expect((await inspected(other)).text).toBe(otherCold.text);
    }
  });
});

describe('a separate disk', () => {
  let disk = '';

  beforeEach(async () => {
    disk = join(directory, 'disk');
    await mkdir(disk);
  });
  afterEach(() => execFileSync('umount', [disk]));

  const mount = (...options: string[]): void => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', disk]);
  };
  const states = ({ report }: CachedRun): string[] => report.layers.map(({ state }) => state);

  test('that is full at any point, from the first page to the last row', async () => {
    mount('size=4k');
    const cache = join(disk, 'cache');
    let isEnough = false;
    for (let sizeKiB = 4; !isEnough; sizeKiB += isExhaustive ? 20 : 60) {
      execFileSync('mount', ['-o', `remount,size=${sizeKiB}k`, disk]);
      const run = await inspected(image, cache);
      expect(run.text).toBe(cold.text);
      expect((await inspected(image, cache)).text).toBe(cold.text);
      isEnough = run.warnings.length === 0;
      expect([sizeKiB, isEnough]).not.toEqual([4, true]);
      await rm(cache, { recursive: true, force: true });
    }
  });

  test('that fills up: cached parts are still used, and the rest is examined', async () => {
    mount('size=8m');
    const cache = join(disk, 'cache');
    await inspected(image, cache);
    fill(disk);
    const known = await inspected(image, cache);
    const unknown = await inspected(other, cache, 2);
    expect([known.text, unknown.text]).toEqual([cold.text, otherCold.text]);
    for (const { warnings } of [known, unknown]) {
      expect(warnings).toEqual([expect.stringContaining(fileName)]);
    }
    await rm(join(disk, 'filler'));
    expect(states(await inspected(image, cache))).toEqual(['cached', 'cached']);
    await inspected(other, cache);
    const mended = await inspected(other, cache);
    expect([states(mended), mended.warnings]).toEqual([['cached', 'cached'], []]);
  });

  test.each(['with a cache', 'without one'])('is read-only, %s', async (kind) => {
    mount('size=8m');
    const cache = join(disk, 'cache');
    if (kind === 'with a cache') await inspected(image, cache);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const parallel of [0, 2]) {
      const run = await inspected(image, cache, parallel);
      expect(run.text).toBe(cold.text);
      expect(run.warnings).toEqual([expect.stringContaining(cache)]);
    }
  });
});

/** Uses all remaining space. */
function fill(disk: string): void {
  const path = join(disk, 'filler');
  writeFileSync(path, '');
  const piece = Buffer.alloc(4_096);
  for (;;) {
    try {
      writeFileSync(path, piece, { flag: 'a' });
    } catch {
      return;
    }
  }
}

test('a file instead of the directory, and a directory instead of the file', async () => {
  const blocked = join(directory, 'blocked');
  await mkdir(join(blocked, fileName), { recursive: true });
  writeFileSync(join(directory, 'file'), '');
  for (const place of [blocked, join(directory, 'file'), join(directory, 'file', 'below')]) {
    const run = await inspected(image, place, 1);
    expect(run.text).toBe(cold.text);
    expect(run.warnings).toHaveLength(1);
  }
});

test.each(['/proc/lazaret', '/proc/lazaret/below'])(
  'a file system that reports an existing parent as missing: %s',
  async (place) => {
    const run = await inspected(image, place);
    expect(run.text).toBe(cold.text);
    expect(run.warnings).toEqual([expect.stringContaining(`mkdir '/proc/lazaret'`)]);
  },
);

test('a stuck lock is waited for once, not at every row', async () => {
  await inspected(image);
  const holder = new DatabaseSync(join(directory, fileName));
  holder.exec('BEGIN IMMEDIATE');
  const known = await inspected(image);
  const unknown = await inspected(other, directory, 2);
  holder.close();
  expect([known.text, unknown.text]).toEqual([cold.text, otherCold.text]);
  expect(known.report.layers.map(({ state }) => state)).toEqual(['cached', 'cached']);
  const locked = expect.stringContaining('locked');
  expect([...known.warnings, ...unknown.warnings]).toEqual([locked, locked]);
});
