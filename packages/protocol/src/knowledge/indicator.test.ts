import { expect, test } from 'vitest';

import { parseIndicator } from './indicator.ts';

test.each([
  ['a'.repeat(64), { kind: 'digest', algorithm: 'sha256', hex: 'a'.repeat(64) }],
  [` sha256:${'A'.repeat(64)}\n`, { kind: 'digest', algorithm: 'sha256', hex: 'a'.repeat(64) }],
  ['b'.repeat(40), { kind: 'digest', algorithm: 'sha1', hex: 'b'.repeat(40) }],
  ['c'.repeat(32), { kind: 'digest', algorithm: 'md5', hex: 'c'.repeat(32) }],
  ['pkg:npm/%40types/node@1', { kind: 'package', purl: 'pkg:npm/%40types/node@1' }],
  ['pkg:deb/debian/bash', { kind: 'package', purl: 'pkg:deb/debian/bash' }],
])('%j is an indicator', (text, expected) => {
  expect(parseIndicator(text)).toMatchObject(expected);
});

test.each([
  '',
  'bash',
  'abc',
  'd'.repeat(63),
  'pkg:',
  'pkg:deb',
  'pkg:deb/a b',
  `md5:${'a'.repeat(64)}`,
])('%j is not an indicator', (text) => {
  expect(parseIndicator(text)).toBeUndefined();
});
