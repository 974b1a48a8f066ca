// Not in the quick check: whole images are inspected.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openCache } from '../cache/open-cache.ts';
import { file, hardLink, inspectCase, layersOf, secret } from '../testing/hostile/hostile-case.ts';
import type { Outcome } from '../testing/hostile/hostile-case.ts';

let directory = '';
const image = {
  build: () => layersOf([file('k', secret), hardLink('h', 'k')], [file('.wh.k', ''), file('a')]),
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-hostile-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function inspected(cached: boolean): Promise<Omit<Outcome, 'layers'>> {
  const cache = cached ? { cache: { directory, maxBytes: 1e9 } } : {};
  const { layers: _, ...rest } = await inspectCase(image, cache);
  return rest;
}

const changed = (sql: string) => (): void => {
  const database = new DatabaseSync(join(directory, 'analysis.db'));
  database.exec(sql);
  database.close();
};

const harms: readonly (readonly [string, () => void | Promise<void>])[] = [
  ['a row that is not JSON', changed("UPDATE parts SET body = x'00'")],
  ['a row of another shape', changed("UPDATE parts SET profile = 'other'")],
  ['a lost half of the rows', changed("DELETE FROM parts WHERE part LIKE 'reader:%'")],
  ['lost scan results', changed('DELETE FROM verdicts')],
  ['an older schema', changed('PRAGMA user_version = 0')],
  [
    'everything evicted',
    () => {
      const cache = openCache(directory);
      cache.trim(0);
      cache.close();
    },
  ],
  ['a file of another format', () => writeFile(join(directory, 'analysis.db'), 'not a database')],
  [
    'a truncated file',
    async () => {
      const path = join(directory, 'analysis.db');
      await writeFile(path, (await readFile(path)).subarray(0, 5_000));
    },
  ],
];

describe('warm equals cold despite', () => {
  test.each(harms)('%s', async (_, harm) => {
    const cold = await inspected(false);
    expect(await inspected(true)).toEqual(cold);
    await harm();
    expect(await inspected(true)).toEqual(cold);
    expect(await inspected(true)).toEqual(cold);
  });

  test('two inspections at once on the same cache', async () => {
    const cold = await inspected(false);
    const both = await Promise.all([inspected(true), inspected(true)]);
    expect(both).toEqual([cold, cold]);
  });
});
