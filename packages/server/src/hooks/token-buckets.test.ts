import { expect, test } from 'vitest';

import { TokenBuckets } from './token-buckets.ts';

test('a bucket allows its capacity at once and then as many as time refills', () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({
    capacity: 3,
    perSecond: 2,
    keys: 10,
    monotonicMs: () => nowMs,
  });
  const take = (count: number): boolean[] => Array.from({ length: count }, () => buckets.take('a'));
  expect(take(4)).toEqual([true, true, true, false]);
  expect(buckets.isEmpty('a')).toBe(true);
  expect(buckets.isEmpty('b')).toBe(false);
  nowMs = 1_000;
  expect(take(3)).toEqual([true, true, false]);
  nowMs = 100_000;
  expect(take(4)).toEqual([true, true, true, false]);
});

test('a full table forgets the key that was used longest ago, not the one in use', () => {
  const buckets = new TokenBuckets({ capacity: 1, perSecond: 0, keys: 2, monotonicMs: () => 0 });
  buckets.take('a');
  buckets.take('b');
  expect(buckets.isEmpty('a')).toBe(true);
  buckets.take('c');
  expect([buckets.isEmpty('a'), buckets.isEmpty('b')]).toEqual([true, false]);
});
