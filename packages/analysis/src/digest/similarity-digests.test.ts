/**
 * Expected values were made with ssdeep 2.14.1, tlsh_unittest 3.4.4, and the digest and score
 * functions of sdhash 3.4 compiled apart. similarity-agreement.test.ts compares with the programs.
 */
import { createHash, hash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { sdhashScore } from './sdhash-score.ts';
import { sdhash } from './sdhash.ts';
import { sha1Words } from './sha1-window.ts';
import { ssdeepScore } from './ssdeep-score.ts';
import { ssdeep, ssdeepText } from './ssdeep.ts';
import { randomBytes, randomWords } from './testing/random-bytes.ts';
import { tlsh, tlshDistance } from './tlsh.ts';

const small = randomBytes(1, 700);
const large = randomBytes(2, 20_000);
const words = randomWords(3, 30_000);
const sha256 = (text = ''): string => hash('sha256', text);

test('TLSH agrees with the reference program', () => {
  expect(tlsh(small)).toBe(
    'T18601151761349426BA92F8D8E9E2CD27B2318D44685D916012075FDEB3D4E544D410E8',
  );
  expect(tlsh(large)).toBe(
    'T11E92D05D0969FCBE5E78E2215AC3B1CD5418A78E223ACCB6258DDF012348FAF2294944',
  );
  expect(tlsh(words)).toBe(
    'T1C2D2EE96BCA58B13A89E107C5FB3CBDF944A199F108CACD31C0B9371ADBD5E9DC410A6',
  );
  expect(tlshDistance(tlsh(large) ?? '', tlsh(words) ?? '')).toBe(267);
  expect(tlshDistance(tlsh(large) ?? '', tlsh(large) ?? '')).toBe(0);
});

test('ssdeep agrees with the reference program', () => {
  expect(ssdeep(small)).toBe(
    '12:eDXPs/yrX+Mwj2jCbiN9fqmaAbggzIWZ1BE2nCrCcOW24ngmJm1Ewkrrer0X:' +
      'ofpwiCb4fQARTZ1DnCmjr4ngjEBaa',
  );
  expect(ssdeep(words)).toBe(
    '384:CMZP6BNYKDf4GpQQcEW6xoMqVmMTtJKLzpmeuHhTINrQ+j0:vPYzDg3QxWC6twmHB6QS0',
  );
});

test('sdhash agrees with the reference functions', () => {
  const digests = [small, large, words].map((bytes) => sdhash(bytes));
  expect(digests.map((text) => text?.split(':').slice(0, -1).join(':'))).toEqual([
    // 11 features: too few.
    undefined,
    'sdbf:03:0::20000:sha1:256:5:7ff:160:2:160',
    'sdbf:03:0::30000:sha1:256:5:7ff:160:4:37',
  ]);
  expect(digests.slice(1).map(sha256)).toEqual([
    '3b7e738569623e8d2f1bfeac094a7e30b0bb0ede7494aba3f9eb1a3ad64d8d5f',
    'f7f277222b2618d0ac64f391a7618d3c13c3b9bce8d9b605ab344dab59ade3c2',
  ]);
  expect(sdhash(large, 'a:b.sh')).toContain('sdbf:03:6:a:b.sh:20000:sha1:');
});

test('the SHA-1 of windows agrees with Node', () => {
  const output = new Uint32Array(5);
  for (let at = 0; at < 50; at += 7) {
    sha1Words(large, at, output);
    const digest = createHash('sha1')
      .update(large.subarray(at, at + 64))
      .digest();
    expect([...output]).toEqual([0, 4, 8, 12, 16].map((from) => digest.readUInt32BE(from)));
  }
});

describe('similarity', () => {
  const changed = Buffer.concat([words.subarray(0, 12_000), small, words.subarray(12_000)]);

  test('a file with inserted data is similar, an unrelated one is not', () => {
    const near = [tlsh, ssdeep, sdhash].map((digest) => digest(changed) ?? '');
    const own = [tlsh, ssdeep, sdhash].map((digest) => digest(words) ?? '');
    const other = [tlsh, ssdeep, sdhash].map((digest) => digest(large) ?? '');
    expect(tlshDistance(own[0] ?? '', near[0] ?? '')).toBeLessThan(60);
    expect(ssdeepScore(own[1] ?? '', near[1] ?? '')).toBeGreaterThan(80);
    expect(sdhashScore(own[2] ?? '', near[2] ?? '')).toBeGreaterThan(70);
    expect(tlshDistance(own[0] ?? '', other[0] ?? '')).toBeGreaterThan(150);
    expect(ssdeepScore(own[1] ?? '', other[1] ?? '')).toBe(0);
    expect(sdhashScore(own[2] ?? '', other[2] ?? '')).toBe(0);
  });

  test('scores are symmetric, and full for the same content', () => {
    const pairs = [words, changed, large].map((bytes) => sdhash(bytes, 'x') ?? '');
    expect(sdhashScore(pairs[0] ?? '', pairs[1] ?? '')).toBe(
      sdhashScore(pairs[1] ?? '', pairs[0] ?? ''),
    );
    expect(sdhashScore(pairs[0] ?? '', pairs[0] ?? '')).toBe(100);
  });
});

describe('uniform content has no digest, so that it never matches', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['tiny', Buffer.from('#!/bin/sh\ntrue\n')],
    ['zeros', Buffer.alloc(50_000)],
    ['other zeros', Buffer.alloc(50_001)],
    ['one letter', Buffer.alloc(9_000, 'a')],
  ])('%s', (_, bytes) => {
    expect([tlsh(bytes), ssdeep(bytes), sdhash(bytes)]).toEqual([undefined, undefined, undefined]);
  });
});

test('invalid digests have no score', () => {
  const digests = ['', 'T1', '3::', 'sdbf:03:0::9:sha1:256:5:7ff:160:1:20:AAAA', '1:2', '\0'];
  for (const text of digests) {
    expect(tlshDistance(text, text)).toBeUndefined();
    expect(sdhashScore(text, text)).toBeUndefined();
  }
  expect(ssdeepScore('3:a', '3:a')).toBeUndefined();
  expect(ssdeepScore(`3:${'ab'.repeat(40)}:`, '3:a:')).toBeUndefined();
});

test('any bytes and any texts are processed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (bytes, text) => {
      expect(tlsh(bytes) ?? 'T1').toMatch(/^T1/);
      expect(ssdeepText(bytes)).toMatch(/^\d+:[^:]*:[^:]*$/);
      expect(sdhash(bytes) ?? 'sdbf').toMatch(/^sdbf/);
      expect(tlshDistance(text, text)).toBeUndefined();
      expect(sdhashScore(text, `sdbf:03:${text}`)).toBeUndefined();
      expect(ssdeepScore(text, `3:${text}:`) ?? 0).toBeLessThanOrEqual(100);
    }),
    { numRuns: 60 },
  );
});
