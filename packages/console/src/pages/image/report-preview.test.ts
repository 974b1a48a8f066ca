import { expect, it } from 'vitest';

import { layOut } from './report-preview.ts';

it('formats complete JSON', () => {
  const { lines } = layOut('{"a":[1]}', false);
  expect(lines).toEqual(['{', '  "a": [', '    1', '  ]', '}']);
});

it('shows a truncated report unformatted', () => {
  expect(layOut('{"a":\n[1,', true)).toEqual({ lines: ['{"a":', '[1,'], isTruncated: true });
});

it('breaks overlong lines', () => {
  const { lines } = layOut('x'.repeat(4_500), true);
  expect(lines.map((line) => line.length)).toEqual([2_000, 2_000, 500]);
});
