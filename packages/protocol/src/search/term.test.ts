import { expect, test } from 'vitest';

import { detectSearchTerm } from './term.ts';

const hex = (chars: number): string => 'aB'.repeat(chars / 2);

test.each([
  [64, 'sha256'],
  [40, 'sha1'],
  [32, 'md5'],
])('%i hexadecimal digits are a %s, with or without its name, in any case', (chars, algorithm) => {
  const digest = { algorithm, hex: hex(chars).toLowerCase() };
  expect(detectSearchTerm(hex(chars))).toEqual({ text: hex(chars), digest });
  expect(detectSearchTerm(` ${algorithm}:${hex(chars)}\n`).digest).toEqual(digest);
});

test('a digest under the name of another algorithm is not allowed for one', () => {
  expect(detectSearchTerm(`md5:${hex(64)}`).digest).toBeUndefined();
});

test('some hexadecimal digits are the prefix of a digest, and a text', () => {
  expect(detectSearchTerm('DEADbeef')).toEqual({ text: 'DEADbeef', digestStart: 'deadbeef' });
  expect(detectSearchTerm('sha256:0123abc').digestStart).toBe('0123abc');
  expect(detectSearchTerm('abcde').digestStart).toBeUndefined();
  expect(detectSearchTerm('hello').digestStart).toBeUndefined();
});

test('a path is recognised by its beginning', () => {
  expect(detectSearchTerm('/etc/ssh/').path).toBe('etc/ssh/');
  expect(detectSearchTerm('./etc/ssh').path).toBe('etc/ssh');
  expect(detectSearchTerm('lab/app:1').path).toBeUndefined();
});

test('packages and advisories are recognised by their format', () => {
  expect(detectSearchTerm('pkg:deb/debian/curl').purl).toBe('pkg:deb/debian/curl');
  expect(detectSearchTerm('cve-2024-3094').advisory).toBe('cve-2024-3094');
  expect(detectSearchTerm('GHSA-jfh8-c2jp-5v3q').advisory).toBe('GHSA-jfh8-c2jp-5v3q');
  expect(detectSearchTerm('curl').advisory).toBeUndefined();
});
