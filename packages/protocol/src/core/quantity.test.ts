import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatDuration, parseDuration } from './quantity.ts';

test('a duration that was written is read again', () => {
  const seconds = fc.integer({ min: 1, max: 10_000_000 });
  fc.assert(
    fc.property(seconds, (count) => {
      expect(parseDuration(formatDuration(count * 1_000))).toBe(count * 1_000);
    }),
  );
});

test.each([
  ['240', 240_000],
  [1.5, 1_500],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1h 30m 5s', 5_405_000],
  ['1d', 86_400_000],
])('%j is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 'h', '1x', '1h 30', '1h, 30m', '-1s', '1h -30m', '1 30m', '1h 3x'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);
