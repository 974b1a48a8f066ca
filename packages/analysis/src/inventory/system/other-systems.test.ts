/** Less common package databases. */
import { zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { chiselReader } from '../dpkg/chisel.ts';
import { nixReader } from '../nix/nix.ts';
import { portageReader } from '../portage/portage.ts';
import { slackwareReader } from '../slackware/slackware.ts';
import { systemReaders } from './system-readers.ts';
import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';
import { sqliteTable } from '../testing/rpm-databases.ts';
import { unreadDatabaseReader } from './unread-databases.ts';
import { vendorInventoryReader } from './vendor-inventory.ts';

const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('the manifest of Chisel', () => {
  const path = 'var/lib/chisel/manifest.wall';
  const lines = [
    { jsonwall: '1.0', schema: '1.0', count: 7 },
    { kind: 'content', slice: 'libc6_libs', path: '/usr/lib/' },
    { kind: 'package', name: 'libc6', version: '2.39-0ubuntu8.4', sha256, arch: 'amd64' },
    { kind: 'path', path: '/usr/lib/', mode: '0755', slices: ['libc6_libs', 'base-files_lib'] },
    { kind: 'path', path: '/etc/x', mode: '0644', slices: ['libc6_a'], final_sha256: sha256 },
    { kind: 'path', path: '/etc/y', slices: ['libc6_a', 'libc6_b'], sha256, size: 1 },
    { kind: 'slice', name: 'libc6_libs' },
  ];
  const sound = zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

  test('lists packages and their files', async () => {
    const digest = `sha256:${sha256}`;
    expect(await factsOf(chiselReader, path, sound)).toEqual([
      {
        kind: 'package',
        path,
        type: 'deb',
        name: 'libc6',
        version: '2.39-0ubuntu8.4',
        purl: 'pkg:deb/libc6@2.39-0ubuntu8.4?arch=amd64',
        foundBy: 'database',
        state: 'installed',
        architecture: 'amd64',
      },
      {
        ...{ kind: 'ownership', path, type: 'deb', name: 'libc6' },
        files: [{ path: 'usr/lib' }, { path: 'etc/x', digest }, { path: 'etc/y', digest }],
      },
      {
        ...{ kind: 'ownership', path, type: 'deb', name: 'base-files' },
        files: [{ path: 'usr/lib' }],
      },
    ]);
  });

  test('that is truncated, of another format or of a later version is unknown', async () => {
    const short = zstdCompressSync(`${JSON.stringify(lines[0])}\n[1]\n{"kind":"package"}\n`);
    const facts = ofKind(await factsOf(chiselReader, path, short), 'diagnostic');
    expect(facts.map(({ reason }) => reason)).toEqual(['damaged', 'damaged', 'damaged']);
    for (const bytes of ['', 'x', sound.subarray(0, 50), zstdCompressSync('{"jsonwall":"2.0"}')]) {
      expect(await factsOf(chiselReader, path, bytes)).toMatchObject([{ kind: 'diagnostic' }]);
    }
    const junk = zstdCompressSync(`{"jsonwall":"1.0"}\n${'{\n'.repeat(100_000)}`);
    const said = ofKind(await factsOf(chiselReader, path, junk), 'diagnostic');
    expect(said.at(-1)?.detail).toBe('more than 1000 lines are not records');
    const bomb = zstdCompressSync(Buffer.alloc(chiselReader.maxBytes + 1));
    expect(await factsOf(chiselReader, path, bomb)).toMatchObject([{ reason: 'too_large' }]);
  });

  test('never crashes a reader', async () => {
    await neverCrashes(chiselReader, path, sound);
  });
});

describe('Portage', () => {
  const directory = 'var/db/pkg/app-shells/bash-completion-5.2_p21-r2';

  test('names a package by its directory', async () => {
    const facts = await factsOf(portageReader, `${directory}/PF`, 'bash-completion-5.2_p21-r2\n');
    expect(facts).toMatchObject([
      {
        name: 'app-shells/bash-completion',
        version: '5.2_p21-r2',
        purl: 'pkg:generic/app-shells/bash-completion@5.2_p21-r2',
      },
    ]);
    const odd = await factsOf(portageReader, 'var/db/pkg/a/b/PF', '');
    expect(odd).toMatchObject([{ kind: 'diagnostic', reason: 'damaged' }]);
  });

  test('lists its files', async () => {
    const text = `dir /usr\nobj /usr/a b ${md5} 1700000000\nsym /usr/c -> a b 17\nwhat\nobj /x\n`;
    const facts = await factsOf(portageReader, `${directory}/CONTENTS`, text);
    expect(ofKind(facts, 'ownership')).toMatchObject([
      { files: [{ path: 'usr' }, { path: 'usr/a b', digest: `md5:${md5}` }, { path: 'usr/c' }] },
    ]);
    expect(ofKind(facts, 'diagnostic')).toHaveLength(2);
    await neverCrashes(portageReader, `${directory}/CONTENTS`, Buffer.from(text));
  });
});

test('Slackware names a package by its file', async () => {
  const path = 'var/lib/pkgtools/packages/aaa-glibc-2.33-x86_64-5';
  const text = 'PACKAGE NAME: aaa-glibc\nFILE LIST:\n./\nlib64/\nlib64/libc.so\n';
  const about = { name: 'aaa-glibc', version: '2.33-5', architecture: 'x86_64' };
  expect(await factsOf(slackwareReader, path, text)).toMatchObject([
    { kind: 'package', ...about, purl: 'pkg:generic/aaa-glibc@2.33-5?arch=x86_64' },
    { kind: 'ownership', ...about, files: [{ path: 'lib64' }, { path: 'lib64/libc.so' }] },
  ]);
  expect(await factsOf(slackwareReader, 'var/log/packages/x', '')).toMatchObject([
    { kind: 'diagnostic' },
  ]);
  await neverCrashes(slackwareReader, path, Buffer.from(text));
});

test('Nix lists the paths of its database', async () => {
  const path = 'nix/var/nix/db/db.sqlite';
  const hash = '1ddf3x30m0z6kknmrmapsc7liz8npi1w';
  const names = ['perl-5.38.2', 'perl5.38.2-JSON-XS-4.03', 'source', 'gcc-13.2.0-lib', 'a-1.drv'];
  const rows = names.map((name) => `/nix/store/${hash}-${name}`);
  const bytes = sqliteTable('ValidPaths', [...rows, '/elsewhere/x']);
  const facts = await factsOf(nixReader, path, bytes);
  expect(ofKind(facts, 'package').map(({ purl }) => purl)).toEqual([
    'pkg:generic/perl@5.38.2',
    'pkg:generic/perl5.38.2-JSON-XS@4.03',
    'pkg:generic/source',
    'pkg:generic/gcc@13.2.0-lib',
  ]);
  expect(ofKind(facts, 'diagnostic')).toHaveLength(1);
});

test('package lists of vendors are read', async () => {
  const path = 'usr/share/bottlerocket/application-inventory.json';
  const item = { Name: 'glibc', Publisher: 'Bottlerocket', Version: '2.40', Release: '1.br1' };
  const content = [{ ...item, Epoch: '1', Architecture: 'x86_64' }, 5, { Name: 'x' }];
  const facts = await factsOf(vendorInventoryReader, path, JSON.stringify({ Content: content }));
  expect(ofKind(facts, 'package')).toMatchObject([
    { type: 'rpm', name: 'glibc', version: '1:2.40-1.br1', supplier: 'Bottlerocket' },
  ]);
  expect(ofKind(facts, 'diagnostic')).toHaveLength(2);

  const list = { installedPackages: [{ category: 'app-admin', name: 'sudo', version: '1.9.14' }] };
  const cos = 'etc/cos-package-info.json';
  expect(await factsOf(vendorInventoryReader, cos, JSON.stringify(list))).toMatchObject([
    { name: 'app-admin/sudo', purl: 'pkg:generic/app-admin/sudo@1.9.14' },
  ]);
  const deep = '['.repeat(100_000);
  for (const text of ['', '[]', '{"Content":{}}', '{"__proto__":{"Content":[]}}', deep]) {
    const facts = await factsOf(vendorInventoryReader, path, text);
    expect(facts).toMatchObject([{ kind: 'diagnostic' }]);
  }
});

test('an unsupported package manager is not "no packages"', async () => {
  const path = 'var/db/xbps/pkgdb-0.38.plist';
  expect(await factsOf(unreadDatabaseReader, path, '<plist/>')).toMatchObject([
    { kind: 'diagnostic', reason: 'unsupported' },
  ]);
});

test('no two readers share an id', () => {
  const ids = systemReaders.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
