import { expect, it } from 'vitest';

import { readSetupLink } from './setup-link.ts';

it('reads the link from the URL fragment', () => {
  expect(readSetupLink('#link=abc-1')).toBe('abc-1');
  expect(readSetupLink('#?link=a%2Bb&x=1')).toBe('a+b');
  expect(readSetupLink('#link=')).toBeUndefined();
  expect(readSetupLink('')).toBeUndefined();
});
