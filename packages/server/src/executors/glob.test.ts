import { matchesGlob as nodeMatchesGlob } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { matchesGlob } from './glob.ts';

test.each([
  ['*.json', 'a.json', true],
  ['*.json', '.json', true],
  ['*.json', 'd/a.json', false],
  ['**', 'a', true],
  ['**', 'a/b/c', true],
  ['**/*.json', 'a.json', true],
  ['**/*.json', 'a/b/c.json', true],
  ['extra/**', 'extra/a/b', true],
  ['extra/**', 'extras/a', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**/b', 'a/x/y/c', false],
  ['?.txt', 'ä.txt', true],
  ['a*b*c', 'aXbXbc', true],
  ['a*b*c', 'aXbXb', false],
  ['[a].txt', 'a.txt', false],
  ['[a].txt', '[a].txt', true],
  ['result', 'result', true],
  ['', 'a', false],
])('%s and %s: %s', (glob, path, expected) => {
  expect(matchesGlob(glob, path)).toBe(expected);
});

test('equals the result of Node, for names without leading dots', () => {
  const letters = fc.stringMatching(/^[ab]{1,4}$/);
  const pattern = fc.oneof(fc.constant('**'), fc.stringMatching(/^[ab*?]{1,4}$/));
  const globs = fc
    .array(pattern, { minLength: 1, maxLength: 4 })
    .map((parts) =>
      parts.map((part) => (part === '**' ? part : part.replaceAll(/\*+/g, '*'))).join('/'),
    );
  const paths = fc.array(letters, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(globs, paths, (glob, path) => {
      // In Node a final `**` must match something.
      fc.pre(!glob.endsWith('/**') || matchesGlob(`${glob}/*`, path) === matchesGlob(glob, path));
      expect(matchesGlob(glob, path)).toBe(nodeMatchesGlob(path, glob));
    }),
    { numRuns: 1_000 },
  );
});

test('takes a bounded number of steps for adversarial names', () => {
  const glob = `${'**/*a*a*a*a*a*b/'.repeat(8)}end`;
  const path = `${'a'.repeat(200)}/`.repeat(20);
  expect(matchesGlob(glob, path)).toBe(false);
});
