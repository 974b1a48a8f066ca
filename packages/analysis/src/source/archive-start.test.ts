/** Files that cannot be image archives are detected by their first bytes; others are accepted. */
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { beforeAll, expect, test } from 'vitest';

import { writeTar } from '../archive/write-tar.ts';
import { checkArchiveStart } from './archive-start.ts';

let tar = Buffer.alloc(0);

beforeAll(async () => {
  // Random content, so that its compressed form is long.
  const content = randomBytes(300_000);
  const entries = [{ type: 'file' as const, path: 'manifest.json', content }];
  tar = Buffer.concat(await Array.fromAsync(writeTar(entries)));
});

const check = (bytes: Buffer, isWhole = true) => checkArchiveStart(bytes, isWhole);

test('a tar archive may be one of images, plain and compressed', async () => {
  expect(await check(tar)).toBe('possible');
  expect(await check(gzipSync(tar))).toBe('possible');
  expect(await check(zstdCompressSync(tar))).toBe('possible');
});

test('the first bytes suffice, and fewer are undecided until the upload ends', async () => {
  for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
    expect(await check(bytes.subarray(0, 150_000), false)).toBe('possible');
    for (const length of [0, 1, 2, 4, 30]) {
      expect(await check(bytes.subarray(0, length), false)).toBe('undecided');
      expect(await check(bytes.subarray(0, length))).toHaveProperty('reason');
    }
  }
});

test('damage after the first header is detected by the inspection', async () => {
  const zipped = gzipSync(tar);
  zipped.fill(0xff, 5_000, 6_000);
  expect(await check(zipped)).toBe('possible');
  expect(await check(tar.subarray(0, 600))).toBe('possible');
});

const zeros = Buffer.alloc(10_240);

test.each([
  ['nothing', () => Buffer.alloc(0), 'the upload is empty'],
  ['the first two bytes of gzip', () => Buffer.from([0x1f, 0x8b]), 'the gzip content ends after 0'],
  [
    'the magic of zstd',
    () => zstdCompressSync('x').subarray(0, 4),
    'the zstd content ends after 0',
  ],
  ['a compressed text', () => gzipSync('only text'), 'the gzip content ends after 9 bytes'],
  ['a longer compressed text', () => gzipSync('text '.repeat(500)), 'not a tar archive'],
  ['the same with zstd', () => zstdCompressSync('text '.repeat(500)), 'not a tar archive'],
  ['half a tar header', () => tar.subarray(0, 256), 'the upload ends after 256 bytes'],
  ['a tar archive of zeros', () => zeros, 'without any file'],
  ['the same with gzip', () => gzipSync(zeros), 'without any file'],
  ['an ELF file', () => Buffer.from(`\x7fELF${'.'.repeat(900)}`), 'the upload is not a tar'],
  [
    'gzip without its data',
    () => Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(600, 0xff)]),
    'the gzip compression is damaged at its start',
  ],
  ['xz', () => Buffer.from('fd377a585a000004', 'hex'), 'compressed with xz'],
  ['bzip2', () => Buffer.from('BZh91AY&SY'), 'compressed with bzip2'],
])('%s is not an image archive, and the reason is given', async (_, make, reason) => {
  expect(await check(make())).toEqual({ reason: expect.stringContaining(reason) });
});
