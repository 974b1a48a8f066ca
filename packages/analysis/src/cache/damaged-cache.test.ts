// Not in the quick check: whole images are inspected.
/** Whatever the cache file contains, an inspection has the same result as without a cache. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { imageToCache, inspectCached } from '../testing/cached-image.ts';
import type { CachedRun } from '../testing/cached-image.ts';
import type { BuiltImage } from '../testing/image-builder.ts';

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
  directory = await mkdtemp(join(tmpdir(), 'lazaret-damaged-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function inspected(what: BuiltImage, place = directory): Promise<CachedRun> {
  return inspectCached(what, { cache: { directory: place, maxBytes: 1e9 } });
}

async function expectCold(place = directory): Promise<void> {
  for (const [what, expected] of [
    [image, cold],
    [other, otherCold],
  ] as const) {
    expect((await inspected(what, place)).text).toBe(expected.text);
    expect((await inspected(what, place)).text).toBe(expected.text);
  }
}

const changed = (sql: string): void => {
  const database = new DatabaseSync(join(directory, fileName));
  database.exec(sql);
  database.close();
};

describe('corrupt rows', () => {
  test.each([
    [
      'changed bytes in a body',
      "UPDATE parts SET body = substr(body, 1, 40) || x'00' || substr(body, 42)",
    ],
    [
      'bodies under other keys',
      'UPDATE parts SET body = (SELECT body FROM parts b WHERE b.part = parts.part AND b.digest <> parts.digest)',
    ],
    [
      'scan results under other keys',
      'DELETE FROM parts; UPDATE verdicts SET answer = (SELECT answer FROM verdicts b ORDER BY length(answer) LIMIT 1)',
    ],
    ['bodies of another kind', 'UPDATE parts SET body = 7'],
    ['no counter', 'DELETE FROM counter'],
    ['a counter that is not a number', "UPDATE counter SET runs = 'many'"],
  ])('%s', async (_, sql) => {
    await inspected(image);
    await inspected(other);
    changed(sql);
    await expectCold();
  });

  test('of other layers are examined and not taken from the cache', async () => {
    await inspected(image);
    changed("UPDATE parts SET body = substr(body, 1, 40) || x'00' || substr(body, 42)");
    const again = await inspected(image);
    expect(again.report.layers.map(({ state }) => state)).toEqual(['examined', 'examined']);
  });
});

test('a corrupt page is detected during use, and the file is replaced', async () => {
  await inspected(image);
  const path = join(directory, fileName);
  const bytes = readFileSync(path);
  // All but the first, which holds the schema.
  writeFileSync(
    path,
    Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 0xee)]),
  );
  const met = await inspected(image);
  expect(met.text).toBe(cold.text);
  expect(met.warnings).toEqual([expect.stringContaining(fileName)]);
  expect(existsSync(`${path}.damaged`)).toBe(true);
  await inspected(image);
  const healed = await inspected(image);
  expect(healed.warnings).toEqual([]);
  expect(healed.report.layers.map(({ state }) => state)).toEqual(['cached', 'cached']);
});

test('a database of another program is replaced', async () => {
  changed('CREATE TABLE parts (other TEXT); PRAGMA user_version = 2;');
  await expectCold();
  expect(await readdir(directory)).toContain(`${fileName}.damaged`);
});

test('tables that another version drops in the middle of an inspection', async () => {
  await inspected(image);
  const run = await inspectCached(other, {
    cache: { directory, maxBytes: 1e9 },
    onProgress: ({ phase }) => {
      if (phase === 'layer') changed('DROP TABLE IF EXISTS parts; DROP TABLE IF EXISTS verdicts;');
    },
  });
  expect(run.text).toBe(otherCold.text);
  expect(run.warnings).toHaveLength(1);
  await expectCold();
});
