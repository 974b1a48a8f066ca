import { expect, test } from 'vitest';

import { createMatcher } from './match-names.ts';

test.each([
  ['lab/app', 'lab/app', true],
  ['lab/app', 'lab/apps', false],
  ['lab/*', 'lab/app', true],
  ['lab/*', 'lab/deep/app', false],
  ['lab/*', 'lab/', true],
  ['*', 'lab/app', false],
  ['**', 'lab/deep/app', true],
  ['**', '', true],
  ['**/app', 'lab/deep/app', true],
  ['**/test-*', 'lab/test-1', true],
  ['**/test-*', 'lab/test-1/x', false],
  ['v?.*', 'v1.2', true],
  ['v?.*', 'v12', false],
  ['1.*-rc*', '1.2-rc1', true],
  ['a.c', 'abc', false],
  ['*a*a*a*b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaac', false],
])('the pattern %s and the name %s: %s', (pattern, name, expected) => {
  expect(createMatcher([pattern], []).matches(name)).toBe(expected);
});

test('an excluded name does not match, whatever else does', () => {
  const matcher = createMatcher(['**'], ['lab/secret', '**-test']);
  expect(['lab/app', 'lab/secret', 'lab/app-test'].filter((name) => matcher.matches(name))).toEqual(
    ['lab/app'],
  );
});

test('a pattern of stars takes no exponential time', () => {
  const pattern = '*a'.repeat(120);
  const name = 'a'.repeat(119);
  expect(createMatcher([pattern], []).matches(name)).toBe(false);
});
