import fc from 'fast-check';
import { expect, it } from 'vitest';

import { findLicenseId, readLicenseExpression } from './license-expression.ts';

it.each([
  ['mit', 'MIT'],
  ['Apache-2.0 and (MIT or bsd-3-clause)', 'Apache-2.0 AND (MIT OR BSD-3-Clause)'],
  ['GPL-2.0-only WITH classpath-exception-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'],
  ['Apache-1.0+', 'Apache-1.0+'],
  ['LicenseRef-own', 'LicenseRef-own'],
  ['((MIT))', '((MIT))'],
])('reads %s', (text, expected) => {
  expect(readLicenseExpression(text)).toBe(expected);
});

it.each([
  ...['', 'GPL-2+', 'MIT Apache-2.0', 'MIT AND', 'OR MIT', '(MIT', 'MIT)', 'MIT (', '()'],
  ...['MIT WITH MIT', '(MIT) WITH Classpath-exception-2.0', 'Classpath-exception-2.0', 'see file'],
  ...['MIT AND OR MIT', `${'('.repeat(99)}MIT${')'.repeat(99)}`, 'MIT AND '.repeat(999)],
])('refuses %s', (text) => {
  expect(readLicenseExpression(text)).toBeUndefined();
});

it('finds identifiers whatever their case', () => {
  expect(findLicenseId(' apache-2.0 ')).toBe('Apache-2.0');
  expect(findLicenseId('constructor')).toBeUndefined();
});

it('handles any text, and its result is stable', () => {
  const word = fc.constantFrom('MIT', 'and', 'OR', '(', ')', 'WITH', 'LLVM-exception', 'x');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join(' ')),
      ),
      (text) => {
        const read = readLicenseExpression(text);
        if (read !== undefined) expect(readLicenseExpression(read)).toBe(read);
      },
    ),
  );
});
