/** The readers against rpm itself, on databases that rpm and Berkeley DB wrote. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { factsOf, ofKind } from '../testing/read-file.ts';
import { ndbDatabase } from '../testing/rpm-databases.ts';
import {
  buildPackages,
  installPackages,
  queryFiles,
  queryPackages,
  writeBerkeley,
} from '../testing/support/rpm-root.ts';
import { rpmReader } from './rpm.ts';
import { readTable } from './sqlite-table.ts';

/** Debian's rpm writes SQLite only, and reads what Berkeley DB wrote. */
const formats = [
  { format: 'sqlite', file: 'rpmdb.sqlite', judge: 'sqlite' },
  { format: 'bdb', file: 'Packages', judge: 'bdb_ro' },
  { format: 'ndb', file: 'Packages.db', judge: 'sqlite' },
] as const;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-rpm-'));
  const packages = await buildPackages(directory);
  expect(packages).toHaveLength(3);
  await installPackages(placeOf('sqlite'), packages);
  const blobs = await headersOf(join(placeOf('sqlite'), 'rpmdb.sqlite'));
  await mkdir(placeOf('bdb_ro'));
  await writeBerkeley(join(placeOf('bdb_ro'), 'Packages'), blobs);
  await writeFile(join(placeOf('sqlite'), 'Packages.db'), ndbDatabase(blobs));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe.each(formats)('the format $format', ({ file, judge }) => {
  const path = `usr/lib/sysimage/rpm/${file}`;
  const bytes = async (): Promise<Buffer> => readFile(join(placeOf(judge), file));

  test('has the packages that rpm lists, and no others', async () => {
    const facts = await factsOf(rpmReader, path, await bytes());
    expect(ofKind(facts, 'diagnostic')).toEqual([]);
    const found = ofKind(facts, 'package').map(({ name, version, architecture }) => {
      const [, epoch = '0', rest] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
      return [name, epoch, rest, architecture].join('|');
    });
    const listed = await queryPackages(placeOf(judge), judge);
    expect(listed).toHaveLength(3);
    expect(found.toSorted()).toEqual(listed.toSorted());
  });

  test('has the files and digests that rpm lists, and no others', async () => {
    const facts = await factsOf(rpmReader, path, await bytes());
    const found = ofKind(facts, 'ownership')
      .flatMap((one) => one.files)
      .map((one) => `/${one.path} ${one.digest?.replace('sha256:', '') ?? ''}`);
    const listed = await queryFiles(placeOf(judge), judge);
    expect(listed.length).toBeGreaterThan(400);
    expect(found.toSorted()).toEqual(listed.toSorted());
  });
});

/** The headers as rpm stored them. */
async function headersOf(file: string): Promise<Buffer[]> {
  const bytes = await readFile(file);
  const onDamage = (_: string, detail: string): never => expect.unreachable(detail);
  const rows = readTable(bytes, { table: 'Packages', maxBytes: bytes.length, onDamage });
  return Array.from(rows, ([, blob]) => blob).filter((blob) => Buffer.isBuffer(blob));
}

function placeOf(backend: string): string {
  return join(directory, `database-${backend}`);
}
