/** Encrypted archives, opened with the tools of analysts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { protectedZip } from './protected-zip.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-zip-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function pack(name: string, content: Buffer): Promise<string> {
  const path = join(directory, 'file.zip');
  const pieces = [content.subarray(0, 1_000), content.subarray(1_000)];
  const zip = protectedZip({ name, modifiedAt: new Date(0), content: Readable.from(pieces) });
  await writeFile(path, await buffer(zip));
  return path;
}

const contents = {
  'random bytes': randomBytes(300_000),
  text: Buffer.from('#!/bin/sh\necho sample\n'.repeat(500)),
  nothing: Buffer.alloc(0),
};

test.each(Object.entries(contents))('unzip and 7-Zip open an archive of %s', async (_, content) => {
  const path = await pack('sample.bin', content);
  const maxBuffer = 1_000_000;
  expect(execFileSync('unzip', ['-p', '-P', 'infected', path], { maxBuffer })).toEqual(content);
  const seven = execFileSync('7zz', ['x', '-so', '-pinfected', path], { maxBuffer });
  expect(seven).toEqual(content);
});

test('neither tool opens it with another password', async () => {
  const path = await pack('sample.bin', contents.text);
  expect(spawnSync('unzip', ['-p', '-P', 'wrong', path]).status).not.toBe(0);
  expect(spawnSync('7zz', ['x', '-so', '-pwrong', path]).status).not.toBe(0);
});

test('the content is not readable in the archive', async () => {
  const path = await pack('sample.bin', contents.text);
  expect((await readFile(path)).includes('echo sample')).toBe(false);
});

test('a name that is not ASCII is preserved', async () => {
  const path = await pack('пример ☣.bin', contents.text);
  const listed = execFileSync('7zz', ['l', '-slt', '-pinfected', path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect(listed).toContain('Path = пример ☣.bin');
});

test('a read error fails the archive, so that it does not look complete', async () => {
  const content = new Readable({
    read() {
      this.push('the beginning');
      this.destroy(new Error('the content is damaged'));
    },
  });
  const zip = protectedZip({ name: 'sample.bin', modifiedAt: new Date(0), content });
  await expect(buffer(zip)).rejects.toThrow();
});

test('a reader that stops releases the content', async () => {
  const content = Readable.from([contents['random bytes'], contents['random bytes']]);
  const zip = protectedZip({ name: 'sample.bin', modifiedAt: new Date(0), content });
  await zip[Symbol.asyncIterator]().next();
  zip.destroy();
  await expect.poll(() => content.destroyed).toBe(true);
});
