import { expect, it } from 'vitest';

import { plural } from './plural.ts';

it('uses the singular for one only, and separates thousands', () => {
  expect(plural(0, 'layer')).toBe('0 layers');
  expect(plural(1, 'layer')).toBe('1 layer');
  expect(plural(1200, 'file')).toBe('1,200 files');
  expect(plural(2, 'copy', 'copies')).toBe('2 copies');
});
