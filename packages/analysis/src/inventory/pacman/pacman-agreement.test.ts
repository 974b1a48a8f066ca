/** The readers against pacman on a database that the test creates. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { pacmanFilesReader, pacmanReader } from './pacman.ts';
import { ofKind } from '../testing/read-file.ts';
import { factsOfDirectory, linesFrom } from '../testing/support/debian-root.ts';

const samples = [
  { name: 'bash', version: '5.2.026-2', files: ['usr/', 'usr/bin/', 'usr/bin/bash'] },
  { name: 'gcc-libs', version: '1:13.2.1-3', files: ['usr/', 'usr/lib/', 'usr/lib/a b-ü.so'] },
  { name: 'lib32-x+y', version: '0.9beta2.r3-1.1', files: [] },
];
let root = '';
let query: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lazaret-pacman-'));
  const local = join(root, 'var/lib/pacman/local');
  await mkdir(local, { recursive: true });
  await writeFile(join(local, 'ALPM_DB_VERSION'), '9\n');
  for (const { name, version, files } of samples) {
    const place = join(local, `${name}-${version}`);
    await mkdir(place);
    const text = `%NAME%\n${name}\n\n%VERSION%\n${version}\n\n%ARCH%\nx86_64\n\n`;
    await writeFile(join(place, 'desc'), `${text}%DEPENDS%\nglibc>=2.27\n\n`);
    await writeFile(join(place, 'files'), `%FILES%\n${files.join('\n')}\n\n`);
    await writeFile(join(place, 'mtree'), gzipSync('#mtree\n./usr type=dir\n'));
  }
  query = ['--root', root, '--dbpath', join(root, 'var/lib/pacman'), '-Q'];
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

test('the packages and files are those that pacman lists, and no others', async () => {
  const facts = await factsOfDirectory(root, [pacmanReader, pacmanFilesReader]);
  expect(ofKind(facts, 'diagnostic')).toEqual([]);
  const found = ofKind(facts, 'package').map(({ name, version }) => `${name} ${version}`);
  const listed = await linesFrom('pacman', query);
  expect(listed).toHaveLength(samples.length);
  expect(found.toSorted()).toEqual(listed.toSorted());

  const files = ofKind(facts, 'ownership')
    .filter(({ path }) => path.endsWith('/files'))
    .flatMap((one) => one.files.map(({ path }) => `${one.name} ${join(root, path)}`));
  const owned = await linesFrom('pacman', [...query, '--list']);
  expect(files.toSorted()).toEqual(owned.map((line) => line.replace(/\/$/, '')).toSorted());
});
