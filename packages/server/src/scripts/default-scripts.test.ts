/** The default script for packages in images whose packages are those of rpm and apk. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { TarInput } from '@lazaret/analysis';
import { buildPackages, installPackages, queryPackages } from '@lazaret/analysis/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { readListing, type PackageListing } from './compare-packages.ts';
import { startScriptFixture, type ScriptFixture } from './testing/script-fixture.ts';

const run = promisify(execFile);
let lab: ScriptFixture;
let directory = '';
/** Of rpm itself, with a database that it wrote. */
let listed: readonly string[] = [];

beforeAll(async () => {
  lab = startScriptFixture();
  directory = await mkdtemp(join(tmpdir(), 'lazaret-rpm-image-'));
  await installPackages(join(directory, 'rpm'), await buildPackages(directory));
  listed = await queryPackages(join(directory, 'rpm'), 'sqlite');
}, 120_000);
afterAll(async () => {
  await lab.close();
  await rm(directory, { recursive: true, force: true });
});

async function listPackages(
  entries: readonly TarInput[],
): Promise<{ readonly listing: PackageListing; readonly notes: readonly string[] }> {
  const content = await readFile(join(import.meta.dirname, 'defaults', 'packages.sh'));
  const result = await lab.run(await lab.load(entries), { content });
  expect(result).toMatchObject({ outcome: 'succeeded', detail: '' });
  const output = JSON.parse(result.stdout.toString()) as { readonly notes: readonly string[] };
  const listing = readListing(output);
  if (listing === undefined) throw new Error('no list of packages');
  return { listing, notes: output.notes };
}

/** `name|epoch|version-release|architecture`, as rpm is asked for it. */
function describeRpm({ packages }: PackageListing): string[] {
  return packages.map(({ type, name, version, architecture }) => {
    expect(type).toBe('rpm');
    const [, epoch = '0', rest] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
    return [name, epoch, rest, architecture].join('|');
  });
}

async function readDatabase(at: string): Promise<TarInput[]> {
  const names = await readdir(join(directory, 'rpm'));
  return Promise.all(
    names.map(async (name) => ({
      path: `${at}/${name}`,
      content: await readFile(join(directory, 'rpm', name)),
    })),
  );
}

/** The rpm of this machine with its libraries and macros. */
async function copyRpm(databaseDirectory: string): Promise<TarInput[]> {
  const { stdout } = await run('ldd', ['/usr/bin/rpm']);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  const programs = ['/usr/bin/rpm', ...libraries];
  const macros = await readFile('/usr/lib/rpm/macros', 'utf8');
  const own = macros.replace(/^%_dbpath.*$/m, `%_dbpath /${databaseDirectory}`);
  expect(own).not.toBe(macros);
  return [
    ...(await Promise.all(
      programs.map(async (path) => ({
        path: path.slice(1),
        mode: 0o755,
        content: await readFile(await realpath(path)),
      })),
    )),
    { path: 'usr/lib/rpm/macros', content: Buffer.from(own) },
    { path: 'usr/lib/rpm/rpmrc', content: await readFile('/usr/lib/rpm/rpmrc') },
  ];
}

test.each(['var/lib/rpm', 'usr/lib/sysimage/rpm'])(
  'packages of rpm are those that the rpm of the image lists from %s',
  async (at) => {
    const { listing, notes } = await listPackages([
      ...(await copyRpm(at)),
      ...(await readDatabase(at)),
    ]);
    expect({ complete: listing.complete, notes }).toEqual({ complete: ['rpm'], notes: [] });
    expect(describeRpm(listing).toSorted()).toEqual([...listed].toSorted());
  },
);

test('a database of rpm without rpm is said not to be read, and is not complete', async () => {
  const { listing, notes } = await listPackages(await readDatabase('var/lib/rpm'));
  expect(listing).toEqual({ complete: [], packages: [] });
  expect(notes).toEqual(['there is a database of rpm, and no rpm in the image that reads it']);
});

const apkDatabase = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r9
A:x86_64
D:so:libc.musl-x86_64.so.1 busybox>=1.36~git1 !uclibc
F:lib
R:ld-musl-x86_64.so.1

P:tzdata
V:2024a-r0
A:noarch
`;

test.each(['lib/apk/db', 'usr/lib/apk/db'])('packages of apk are listed from %s', async (at) => {
  const { listing, notes } = await listPackages([
    { path: `${at}/installed`, content: Buffer.from(apkDatabase) },
  ]);
  expect(notes).toEqual([]);
  expect(listing).toEqual({
    complete: ['apk'],
    packages: [
      { type: 'apk', name: 'musl', version: '1.2.5-r9', architecture: 'x86_64' },
      { type: 'apk', name: 'tzdata', version: '2024a-r0', architecture: 'noarch' },
    ],
  });
});

test('dependencies of apk are edges of a graph, without versions and conflicts', async () => {
  const content = await readFile(join(import.meta.dirname, 'defaults', 'dependencies.sh'));
  const image = await lab.load([
    { path: 'lib/apk/db/installed', content: Buffer.from(apkDatabase) },
  ]);
  const { stdout } = await lab.run(image, { content });
  expect(stdout.toString()).toBe(
    'digraph packages {\n  "musl" -> "so:libc.musl-x86_64.so.1";\n  "musl" -> "busybox";\n}\n',
  );
});
