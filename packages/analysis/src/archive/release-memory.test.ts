import { expect, test } from 'vitest';

import { releaseMemory } from './release-memory.ts';

test('owned memory is released', () => {
  const chunk = Buffer.allocUnsafeSlow(1024 * 1024);
  releaseMemory(chunk);
  expect(chunk).toHaveLength(0);
});

test('pooled or shared memory is not released', () => {
  const pooled = Buffer.allocUnsafe(100);
  const whole = Buffer.allocUnsafeSlow(1024 * 1024);
  const begin = whole.subarray(0, 1_000);
  for (const chunk of [pooled, begin]) releaseMemory(chunk);
  expect([pooled.length, begin.length, whole.length]).toEqual([100, 1_000, 1024 * 1024]);
});
