import { expect, test } from 'vitest';

import { backoffMs, jitteredBackoffMs } from './backoff.ts';

const bounds = { initialMs: 100, maxMs: 5_000 };

test('the delay doubles with each retry up to its maximum', () => {
  const delays = [0, 1, 2, 5, 6, 7, 1_000, Number.MAX_SAFE_INTEGER].map((retry) =>
    backoffMs(retry, bounds),
  );
  expect(delays).toEqual([100, 200, 400, 3_200, 5_000, 5_000, 5_000, 5_000]);
});

test('a negative retry count gets the initial delay', () => {
  expect(backoffMs(-1, bounds)).toBe(100);
});

test('jitter keeps at least half of the delay and never exceeds it', () => {
  expect(jitteredBackoffMs(2, bounds, () => 0)).toBe(200);
  expect(jitteredBackoffMs(2, bounds, () => 0.999_999)).toBeLessThanOrEqual(400);
  expect(jitteredBackoffMs(50, bounds, () => 0.5)).toBe(3_750);
});
