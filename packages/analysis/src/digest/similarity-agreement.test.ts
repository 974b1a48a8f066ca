/** ssdeep and TLSH, digests and scores, against Debian's programs on made and on real files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { ssdeepScore } from './ssdeep-score.ts';
import { ssdeepText } from './ssdeep.ts';
import { randomBytes, randomWords } from './testing/random-bytes.ts';
import { tlsh, tlshDistance } from './tlsh.ts';

const folder = mkdtempSync(join(tmpdir(), 'lazaret-similarity-'));
const samples = new Map<string, Buffer>();

beforeAll(() => {
  const sizes = [0, 1, 6, 7, 8, 50, 192, 193, 256, 511, 4_095, 4_096, 50_000, 300_000];
  for (const [seed, sizeBytes] of sizes.entries()) {
    addSample(randomBytes(seed, sizeBytes));
    addSample(randomWords(seed, sizeBytes));
    addSample(Buffer.alloc(sizeBytes, `ab${seed}`));
    addSample(Buffer.concat([Buffer.alloc(sizeBytes), randomBytes(seed, 3_000)]));
  }
  for (const name of readdirSync('/usr/bin').toSorted()) {
    const path = join('/usr/bin', name);
    if (samples.size >= 160 || !statSync(path).isFile() || statSync(path).size > 500_000) continue;
    const bytes = readFileSync(path);
    addSample(bytes);
    const half = bytes.length >> 1;
    addSample(
      Buffer.concat([bytes.subarray(0, half), randomBytes(half, 200), bytes.subarray(half)]),
    );
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('ssdeep digests agree with ssdeep', () => {
  const printed = readSsdeep();
  expect(printed.size).toBe(samples.size);
  for (const [name, bytes] of samples) expect(ssdeepText(bytes), name).toBe(printed.get(name));
});

test('ssdeep scores agree with ssdeep, for every pair', () => {
  const printed = readSsdeep();
  const list = join(folder, '..', `${folder.split('/').at(-1) ?? ''}.ssdeep`);
  const rows = [...printed].map(([name, digest]) => `${digest},"${name}"`);
  writeFileSync(list, ['ssdeep,1.1--blocksize:hash:hash,filename', ...rows, ''].join('\n'));
  const lines = run('ssdeep', ['-x', '-a', '-c', list]).matchAll(/^"(.*)","(.*)",(\d+)$/gm);
  rmSync(list);
  const wrong: string[] = [];
  let count = 0;
  for (const [line, one = '', other = '', score] of lines) {
    const [a, b] = [one, other].map((name) => printed.get(name.split(':').at(-1) ?? '') ?? '');
    count += 1;
    if (ssdeepScore(a ?? '', b ?? '') !== Number(score)) wrong.push(line);
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(10_000);
});

test('TLSH digests and distances agree with tlsh_unittest', () => {
  let digests = 0;
  for (const [, digest = '', path = ''] of run('tlsh_unittest', ['-r', folder]).matchAll(
    /^([0-9A-F]{70})\t(.*)$/gm,
  )) {
    expect(tlsh(readFileSync(path)), path).toBe(`T1${digest}`);
    digests += 1;
  }
  expect(digests).toBeGreaterThan(80);
  const ours = new Map(
    [...samples].map(([name, bytes]) => [join(folder, name), tlsh(bytes) ?? '']),
  );
  const wrong: string[] = [];
  for (const [line, one = '', other = '', distance] of run('tlsh_unittest', [
    ...['-r', folder, '-xref'],
  ]).matchAll(/^(\S+)\t(\S+)\t(\d+)$/gm)) {
    const own = tlshDistance(ours.get(one) ?? '', ours.get(other) ?? '');
    if (own !== Number(distance)) wrong.push(line);
  }
  expect(wrong).toEqual([]);
});

function addSample(bytes: Buffer): void {
  const name = `sample-${samples.size}`;
  samples.set(name, bytes);
  writeFileSync(join(folder, name), bytes);
}

function readSsdeep(): Map<string, string> {
  const text = run('ssdeep', [
    '-s',
    '-b',
    ...[...samples.keys()].map((name) => join(folder, name)),
  ]);
  return new Map(
    [...text.matchAll(/^(\d+:.*),"(.*)"$/gm)].map(([, digest = '', name = '']) => [name, digest]),
  );
}

function run(program: string, words: readonly string[]): string {
  const maxBuffer = 1 << 30;
  return execFileSync(program, words, {
    maxBuffer,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
}
