import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { cacheLimits } from './limits.ts';
import { openCache } from './open-cache.ts';

const keyOf = (at: number) => ({
  ...{ sha256: at.toString(16).padStart(64, '0'), sizeBytes: at, profile: 'p 1', path: 'a b' },
});
const answer = { state: 'examined', findings: [], signatures: '1' } as const;

test('verdicts are found at once, and written together', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-verdicts-'));
  try {
    const one = openCache(directory);
    const other = openCache(directory);
    for (let at = 0; at <= cacheLimits.verdictsPerWrite; at += 1) one.put(keyOf(at), answer);
    expect(one.get(keyOf(0))).toEqual(answer);
    expect(one.get(keyOf(cacheLimits.verdictsPerWrite))).toEqual(answer);
    expect(other.get(keyOf(0))).toEqual(answer);
    expect(other.get(keyOf(cacheLimits.verdictsPerWrite))).toBeUndefined();
    one.flush();
    expect(other.get(keyOf(cacheLimits.verdictsPerWrite))).toEqual(answer);
    one.put(keyOf(1_000), answer);
    one.close();
    expect(other.get(keyOf(1_000))).toEqual(answer);
    other.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
