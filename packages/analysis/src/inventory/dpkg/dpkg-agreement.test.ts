/** The readers against dpkg on a root of Debian. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fact } from '@lazaret/protocol';
import { beforeAll, expect, test } from 'vitest';

import { ecosystems, readersOf } from '../ecosystems.ts';
import { ofKind } from '../testing/read-file.ts';
import { debianRoot, factsOfDirectory, linesFrom } from '../testing/support/debian-root.ts';

const suite = 'bookworm';
const systemReaders = readersOf(ecosystems.filter(({ group }) => group === 'system'));
let root = '';
let facts: Fact[] = [];
let query: string[] = [];

beforeAll(async () => {
  root = await debianRoot(suite);
  query = [`--admindir=${root}/var/lib/dpkg`];
  facts = await factsOfDirectory(root, systemReaders);
}, 300_000);

test('the packages are those that dpkg lists, and no others', async () => {
  const format = '${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\n';
  const listed = await linesFrom('dpkg-query', [...query, '-W', '-f', format]);
  const found = ofKind(facts, 'package').map(({ name, version, architecture, source, state }) => {
    expect(state).toBe('installed');
    const from = [source?.name ?? name, source?.version ?? version];
    return [name, version, architecture, ...from].join('|');
  });
  expect(listed.length).toBeGreaterThan(80);
  expect(found.toSorted()).toEqual(listed.toSorted());
});

test('the files are those that dpkg lists, and the digests those of the files', async () => {
  const names = await linesFrom('dpkg-query', [...query, '-W', '-f', '${binary:Package}\n']);
  const listed = (await linesFrom('dpkg-query', [...query, '-L', ...names]))
    .filter((line) => line.startsWith('/') && line !== '/.')
    .map((line) => line.slice(1));
  const owned = ofKind(facts, 'ownership');
  const found = owned
    .filter(({ path }) => path.endsWith('.list'))
    .flatMap(({ files }) => files.map((file) => file.path));
  expect(new Set(found)).toEqual(new Set(listed));

  const sums = owned.filter(({ path }) => path.endsWith('.md5sums')).flatMap((one) => one.files);
  expect(sums.length).toBeGreaterThan(1_000);
  for (const { path, digest } of sums.slice(0, 500)) {
    const md5 = createHash('md5').update(await readFile(join(root, path)).catch(() => ''));
    const real = `md5:${md5.digest('hex')}`;
    // Documentation may have been excluded when the root was built.
    if (real !== 'md5:d41d8cd98f00b204e9800998ecf8427e') expect(digest, path).toBe(real);
  }
});

test('the distribution and the accounts are those of the root', async () => {
  const said = ofKind(facts, 'distribution').toSorted((a, b) => (a.foundBy < b.foundBy ? -1 : 1));
  expect(said).toMatchObject([
    { id: 'debian', foundBy: 'debian_version' },
    { id: 'debian', versionId: '12', codename: suite, foundBy: 'os-release' },
  ]);
  const users = (await readFile(join(root, 'etc/passwd'), 'utf8')).trim().split('\n');
  expect(ofKind(facts, 'user')).toHaveLength(users.length);
  expect(ofKind(facts, 'password').every(({ state }) => state === 'locked')).toBe(true);
  expect(ofKind(facts, 'group').length).toBeGreaterThan(30);
});

test('nothing in a valid root is unknown', () => {
  expect(ofKind(facts, 'diagnostic')).toEqual([]);
});
