import { expect, it } from 'vitest';

import { countWords, describeTerm, readSearch, shortTextNote } from './search-query.ts';

it('keeps a known kind in the URL, and drops unknown ones', () => {
  expect(readSearch({ kind: 'file', text: 'x' })).toEqual({ kind: 'file', text: 'x' });
  expect(readSearch({ kind: 'everything', text: 5 })).toEqual({});
  expect(readSearch({ by: 'hash', text: 'curl' })).toEqual({ text: 'curl' });
});

it('names the detected kind of a text', () => {
  expect(describeTerm('0'.repeat(64))).toBe('SHA-256');
  expect(describeTerm(`sha1:${'0'.repeat(40)}`)).toBe('SHA-1');
  expect(describeTerm('0'.repeat(32))).toBe('MD5');
  expect(describeTerm('0123abcd')).toBe('digest prefix or name');
  expect(describeTerm('pkg:deb/debian/curl')).toBe('package URL');
  expect(describeTerm('CVE-2024-3094')).toBe('advisory');
  expect(describeTerm('/usr/bin/curl')).toBe('path prefix');
  expect(describeTerm('curl')).toBeUndefined();
});

it('marks an incomplete count', () => {
  expect(countWords({ count: 1_000, isMore: true })).toBe('1,000+');
  expect(countWords({ count: 2, isMore: false })).toBe('2');
});

it('mentions the rule for short texts only where it applies', () => {
  expect(shortTextNote('nothinglike')).toBe('');
  expect(shortTextNote('ab')).toContain('fewer than 3 characters');
});
