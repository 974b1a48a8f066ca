import { expect, it } from 'vitest';

import { layOut } from './report-preview.ts';

it('lays out JSON that is whole', () => {
  const { lines } = layOut('{"a":[1]}', false);
  expect(lines).toEqual(['{', '  "a": [', '    1', '  ]', '}']);
});

it('shows the beginning of a report that is cut as it came', () => {
  expect(layOut('{"a":\n[1,', true)).toEqual({ lines: ['{"a":', '[1,'], isCut: true });
});

it('breaks lines that no one could scroll', () => {
  const { lines } = layOut('x'.repeat(4_500), true);
  expect(lines.map((line) => line.length)).toEqual([2_000, 2_000, 500]);
});
