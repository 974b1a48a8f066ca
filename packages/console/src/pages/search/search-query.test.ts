import { expect, it } from 'vitest';

import { guessKind, readSearch, toSearchQuery } from './search-query.ts';

it('detects the hash algorithm by length', () => {
  expect(toSearchQuery('hash', ` ${'AB'.repeat(32)} `)).toEqual({ sha256: 'ab'.repeat(32) });
  expect(toSearchQuery('hash', `sha256:${'0'.repeat(64)}`)).toEqual({ sha256: '0'.repeat(64) });
  expect(toSearchQuery('hash', '0'.repeat(40))).toEqual({ sha1: '0'.repeat(40) });
  expect(toSearchQuery('hash', '0'.repeat(32))).toEqual({ md5: '0'.repeat(32) });
  expect(toSearchQuery('hash', '0'.repeat(33))).toBeUndefined();
  expect(toSearchQuery('hash', 'xyz')).toBeUndefined();
});

it('strips the leading slash of paths', () => {
  expect(toSearchQuery('path', '/etc/ssh/')).toEqual({ path: 'etc/ssh/' });
  expect(toSearchQuery('package', 'openssl')).toEqual({ package: 'openssl' });
  expect(toSearchQuery('rule', '  ')).toBeUndefined();
});

it('detects the search type', () => {
  expect(guessKind('pkg:deb/debian/curl')).toBe('package');
  expect(guessKind('cve-2024-3094')).toBe('rule');
  expect(guessKind('/usr/bin/curl')).toBe('path');
  expect(guessKind('0'.repeat(64))).toBe('hash');
  expect(guessKind('openssl')).toBeUndefined();
});

it('drops unknown URL parameters', () => {
  expect(readSearch({ by: 'rule', text: 'x' })).toEqual({ by: 'rule', text: 'x' });
  expect(readSearch({ by: 'all', text: 5 })).toEqual({});
});
