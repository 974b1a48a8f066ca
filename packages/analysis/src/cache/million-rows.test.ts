/** A cache of a million rows is trimmed by one process while others use it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { imageToCache, inspectCached } from '../testing/cached-image.ts';
import { openCache } from './open-cache.ts';

const rows = 1_000_000;
const moduleUrl = fileURLToPath(new URL('open-cache.ts', import.meta.url));
let directory = '';
let path = '';
let fillMs = 0;

/** Spread over all keys like digests, in the order of the keys, which is the fastest to insert. */
const fill = `
  BEGIN;
  WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < ${rows - 1})
  INSERT INTO verdicts SELECT unhex(printf('%08x%056x', i * 4294, i)), i, 'profile',
    'usr/share/' || i, (i * 7919) % 1000003, randomblob(90) FROM n;
  COMMIT;`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-million-'));
  path = join(directory, 'analysis.db');
  openCache(directory).close();
  fillMs = inDatabase((database) => elapsed(() => database.exec(fill)));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function elapsed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function inDatabase<T>(use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

const count = (where = 'true'): number =>
  inDatabase((database) =>
    Number(database.prepare(`SELECT count(*) AS n FROM verdicts WHERE ${where}`).get()?.['n']),
  );

test('checking the size does not read rows', () => {
  const look = elapsed(() => count('length(answer) = 0'));
  const cache = openCache(directory);
  const trim = elapsed(() => cache.trim(1e12));
  cache.close();
  expect(trim).toBeLessThan(look / 4);
  expect(count()).toBe(rows);
});

test('the oldest half is evicted while others read and write', async () => {
  const { size } = await stat(path);
  const image = await imageToCache();
  const cold = await inspectCached(image);
  const cache = { directory, maxBytes: 1e12 };
  await inspectCached(image, { cache });
  const began = performance.now();
  const child = spawn(
    execPath,
    [
      '-e',
      `import(${JSON.stringify(moduleUrl)}).then(({ openCache }) => {
      const cache = openCache(${JSON.stringify(directory)});
      cache.trim(${Math.floor(size / 2)});
      cache.close();
      process.exitCode = cache.warning === undefined ? 0 : 1;
    })`,
    ],
    { stdio: 'inherit' },
  );
  const ended = once(child, 'exit');
  let runs = 0;
  while (child.exitCode === null) {
    const run = await inspectCached(image, { cache });
    expect([run.text, run.warnings]).toEqual([cold.text, []]);
    runs += 1;
    await pause(10);
  }
  expect(await ended).toEqual([0, null]);
  expect(runs).toBeGreaterThan(1);
  expect(performance.now() - began).toBeLessThan(20 * fillMs);
  // Two processes that close the file at the same moment both leave the write-ahead log to the
  // next one, which then shortens the file.
  const left = count();
  expect((await stat(path)).size).toBeLessThanOrEqual(size / 2 + 2 ** 20);
  expect(left).toBeGreaterThan(rows / 10);
  expect(count('used > 1000003 * 0.9')).toBeGreaterThan(rows / 11);
  expect(count('used < 1000003 * 0.1')).toBe(0);
}, 180_000);

test('nearly everything is evicted, and the disk space is released', async () => {
  const cache = openCache(directory);
  cache.trim(100_000);
  cache.close();
  expect(cache.warning).toBeUndefined();
  expect((await stat(path)).size).toBeLessThanOrEqual(100_000);
}, 180_000);
