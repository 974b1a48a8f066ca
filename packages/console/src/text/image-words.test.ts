import { expect, it } from 'vitest';

import { counted, modeWords } from './image-words.ts';

it('writes permission bits as ls does', () => {
  expect(modeWords(0o755)).toBe('rwxr-xr-x');
  expect(modeWords(0o640)).toBe('rw-r-----');
  expect(modeWords(0o4755)).toBe('rwsr-xr-x');
  expect(modeWords(0o2644)).toBe('rw-r-Sr--');
  expect(modeWords(0o1777)).toBe('rwxrwxrwt');
});

it('counts in words', () => {
  expect(counted(1, 'layer')).toBe('1 layer');
  expect(counted(1200, 'file')).toBe('1,200 files');
  expect(counted(2, 'copy', 'copies')).toBe('2 copies');
});
