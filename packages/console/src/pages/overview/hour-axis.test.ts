import { expect, it } from 'vitest';

import { hourAxis } from './hour-axis.ts';

const hours = (count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    new Date(Date.UTC(2026, 0, 5) + index * 3_600_000).toISOString(),
  );

it.each([
  [24, 6],
  [168, 7],
])('labels %i hours with %i distinct texts', (count, labels) => {
  const axis = hourAxis(hours(count));
  expect(axis.ticks).toHaveLength(labels);
  expect(new Set(axis.ticks.map(axis.label)).size).toBe(labels);
});
