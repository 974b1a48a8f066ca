import type { PlacedFinding } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { targetOfEvidence, targetOfFinding } from './exception-target.ts';

const purl = 'pkg:deb/debian/openssl@3.0.1';

test('a vulnerability is accepted in its package, any other finding at its path', () => {
  const finding = { class: 'vulnerability', rule: 'CVE-2024-1', purl } as PlacedFinding;
  expect(targetOfFinding(finding)).toEqual({ vulnerability: 'CVE-2024-1', package: purl });
  const secret = { class: 'secret', rule: 'private-key', path: 'a/b' } as PlacedFinding;
  expect(targetOfFinding(secret)).toEqual({ signature: 'private-key', path: 'a/b' });
});

test.each([
  ['vulnerabilities', { id: 'CVE-1', purl }, { vulnerability: 'CVE-1', package: purl }],
  ['findings', { class: 'malware', rule: 'Eicar', path: 'x' }, { signature: 'Eicar', path: 'x' }],
  ['findings', { class: 'vulnerability', rule: 'CVE-1' }, { vulnerability: 'CVE-1' }],
  ['packages', { name: 'openssl', purl }, { package: purl }],
  ['special', { path: 'usr/bin/su' }, { path: 'usr/bin/su' }],
])('evidence from %s becomes a target', (from, item, expected) => {
  expect(targetOfEvidence(from, item)).toEqual(expected);
});

test('evidence that exceptions cannot be about has no target', () => {
  for (const item of [null, 'text', 7, {}, { path: 3 }, { name: 'root', uid: 0 }]) {
    expect(targetOfEvidence('users', item)).toBeUndefined();
    expect(targetOfEvidence('findings', item)).toBeUndefined();
  }
});
