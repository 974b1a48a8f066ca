import { expect, it } from 'vitest';

import { formatMode } from './image-labels.ts';

it('writes permission bits like ls', () => {
  expect(formatMode(0o755)).toBe('rwxr-xr-x');
  expect(formatMode(0o640)).toBe('rw-r-----');
  expect(formatMode(0o4755)).toBe('rwsr-xr-x');
  expect(formatMode(0o2644)).toBe('rw-r-Sr--');
  expect(formatMode(0o1777)).toBe('rwxrwxrwt');
});
