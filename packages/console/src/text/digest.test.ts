import { expect, it } from 'vitest';

import { imageTitle, pinnedReference, shortDigest } from './digest.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

it('shortens a digest after its algorithm', () => {
  expect(shortDigest(digest)).toBe('sha256:abababababab');
  expect(shortDigest('abcdefabcdefabcdef')).toBe('abcdefabcdef');
});

it('names an image by its latest name, or by its digest', () => {
  expect(imageTitle({ names: ['lab/app:1', 'lab/app:0'], digest })).toBe('lab/app:1');
  expect(imageTitle({ names: [], digest })).toBe('sha256:abababababab');
  expect(imageTitle({ names: ['a\u202eb'], digest })).toBe(String.raw`a\u202eb`);
});

it('pins a reference to a digest, whatever port, tag or digest it has', () => {
  expect(pinnedReference('lab/app:1.2', digest)).toBe(`lab/app@${digest}`);
  expect(pinnedReference('127.0.0.1:5000/app', digest)).toBe(`127.0.0.1:5000/app@${digest}`);
  expect(pinnedReference('127.0.0.1:5000/app:1', digest)).toBe(`127.0.0.1:5000/app@${digest}`);
  expect(pinnedReference(`lab/app:1@sha256:${'0'.repeat(64)}`, digest)).toBe(`lab/app@${digest}`);
});
