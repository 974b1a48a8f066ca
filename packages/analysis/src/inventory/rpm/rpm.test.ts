// Not in the quick check: databases of many pages are built and read.
import type { Fact } from '@lazaret/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { damaged, factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';
import { berkeleyDatabase, ndbDatabase, sqliteDatabase } from '../testing/rpm-databases.ts';
import { headerOf, rpmHeader } from '../testing/rpm-header.ts';
import type { SamplePackage } from '../testing/rpm-header.ts';
import { rpmLogReader, rpmManifestReader, rpmReader } from './rpm.ts';

const digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const bash: SamplePackage = {
  name: 'bash',
  version: '5.2.15',
  release: '3.fc38',
  epoch: 1,
  files: [
    { directory: '/usr/bin/', name: 'bash', digest },
    { directory: '/usr/bin/', name: 'sh' },
    { directory: '/etc/', name: 'bashrc', digest },
  ],
};
const big: SamplePackage = {
  name: 'big',
  version: '1~rc1',
  release: '0',
  architecture: 'noarch',
  files: Array.from({ length: 2_000 }, (_, at) => ({ directory: '/opt/', name: `f${at}`, digest })),
};
const key: SamplePackage = { name: 'gpg-pubkey', version: '5323552a', release: '6112bcdc' };
const blobs = [bash, big, key].map(rpmHeader);

const formats = [
  ['var/lib/rpm/rpmdb.sqlite', sqliteDatabase(blobs)],
  ['usr/lib/sysimage/rpm/rpmdb.sqlite', sqliteDatabase(blobs, { pageBytes: 512 })],
  ['usr/share/rpm/rpmdb.sqlite', sqliteDatabase(blobs, { pageBytes: 65_536 })],
  ['usr/lib/sysimage/rpm/Packages.db', ndbDatabase(blobs)],
  ['var/lib/rpm/Packages', berkeleyDatabase(blobs)],
  ['rootfs/var/lib/rpm/Packages', berkeleyDatabase(blobs, { pageBytes: 512, order: 'big' })],
] as const;
/** Small ones, for tests with many iterations. */
const small = [
  ['var/lib/rpm/rpmdb.sqlite', sqliteDatabase([rpmHeader(bash)], { pageBytes: 512 })],
  ['var/lib/rpm/Packages.db', ndbDatabase([rpmHeader(bash)])],
  ['var/lib/rpm/Packages', berkeleyDatabase([rpmHeader(bash)], { pageBytes: 512 })],
] as const;

function reasons(facts: readonly Fact[]): string[] {
  return ofKind(facts, 'diagnostic').map(({ reason }) => reason);
}

describe('the databases of rpm', () => {
  test.each(formats)('%s has packages and files, and no keys', async (path, bytes) => {
    const facts = await factsOf(rpmReader, path, bytes);
    expect(facts).toHaveLength(4);
    expect(facts[0]).toEqual({
      kind: 'package',
      path,
      type: 'rpm',
      name: 'bash',
      version: '1:5.2.15-3.fc38',
      purl:
        'pkg:rpm/bash@5.2.15-3.fc38?arch=x86_64&epoch=1&rpmmod=nodejs:18:820:rhel9' +
        '&upstream=bash-src-5.2.15-3.fc38.src.rpm',
      foundBy: 'database',
      state: 'installed',
      architecture: 'x86_64',
      source: { name: 'bash-src', version: '5.2.15-3.fc38' },
      licenses: ['MIT'],
      supplier: 'Vendor',
      dependsOn: ['/bin/sh', 'libc.so.6()(64bit)'],
    });
    expect(facts[1]).toEqual({
      kind: 'ownership',
      path,
      type: 'rpm',
      name: 'bash',
      version: '1:5.2.15-3.fc38',
      architecture: 'x86_64',
      files: [
        { path: 'usr/bin/bash', digest: `sha256:${digest}` },
        { path: 'usr/bin/sh' },
        { path: 'etc/bashrc', digest: `sha256:${digest}` },
      ],
    });
    expect(facts[2]).toMatchObject({ name: 'big', version: '1~rc1-0', architecture: 'noarch' });
    expect(facts[3]).toMatchObject({ kind: 'ownership', files: { length: 2_000 } });
  });

  test('of many pages are read to their end', async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => rpmHeader({ ...bash, name: `p${at}` }));
    const bytes = sqliteDatabase(many, { pageBytes: 1_024 });
    const facts = ofKind(await factsOf(rpmReader, 'var/lib/rpm/rpmdb.sqlite', bytes), 'package');
    expect(facts.map(({ name }) => name)).toEqual(many.map((_, at) => `p${at}`));
  });

  test.each(formats)(
    '%s that is empty or of another format is unknown, not without packages',
    async (path) => {
      for (const bytes of ['', 'x', 'SQLite format 3\0', 'RpmP', '\0'.repeat(9_000)]) {
        expect(reasons(await factsOf(rpmReader, path, bytes))).toEqual(['damaged']);
      }
    },
  );

  test('without the table of packages is unknown', async () => {
    const bytes = sqliteDatabase(blobs, { table: 'Others' });
    const facts = await factsOf(rpmReader, 'var/lib/rpm/rpmdb.sqlite', bytes);
    expect(reasons(facts)).toEqual(['damaged']);
  });

  test.each(small)('%s that is truncated is reported, at every 97th byte', async (path, bytes) => {
    for (let length = 0; length < bytes.length - 16; length += 97) {
      const facts = await factsOf(rpmReader, path, bytes.subarray(0, length));
      expect(reasons(facts), `cut at ${length}`).not.toEqual([]);
    }
  });

  test.each(small)('%s never crashes a reader', async (path, bytes) => {
    await neverCrashes(rpmReader, path, bytes);
  });
});

describe('a database with cycles', () => {
  const path = 'var/lib/rpm/rpmdb.sqlite';
  const pageBytes = 512;

  test('in its pages terminates', async () => {
    const many = Array.from({ length: 50 }, (_, at) => rpmHeader({ ...bash, name: `p${at}` }));
    const bytes = sqliteDatabase(many, { pageBytes });
    const interiors = pagesOf(bytes, (page) => page[0] === 0x05);
    expect(interiors.length).toBeGreaterThan(0);
    // The right-most child of a node is the node.
    for (const number of interiors) bytes.writeUInt32BE(number + 1, number * pageBytes + 8);
    const facts = await factsOf(rpmReader, path, bytes);
    expect(reasons(facts)).toContain('damaged');
    expect(ofKind(facts, 'package').length).toBeLessThan(50);
  });

  test('in its overflow pages terminates', async () => {
    const bytes = sqliteDatabase([rpmHeader(big)], { pageBytes });
    const first = pagesOf(bytes, (page) => page.includes('f100\0'))[0] ?? 0;
    bytes.writeUInt32BE(first + 1, first * pageBytes);
    expect(reasons(await factsOf(rpmReader, path, bytes))).toEqual(['damaged']);
  });

  test('of Berkeley DB terminates', async () => {
    const bytes = berkeleyDatabase([rpmHeader(big), rpmHeader(bash)], { pageBytes });
    const overflow = pagesOf(bytes, (page) => page[25] === 7);
    const [first = 0] = overflow;
    bytes.writeUInt32LE(first, first * pageBytes + 16);
    const facts = await factsOf(rpmReader, 'var/lib/rpm/Packages', bytes);
    expect(reasons(facts)).toEqual(['damaged']);
    expect(ofKind(facts, 'package').map(({ name }) => name)).toEqual(['bash']);
  });

  function pagesOf(bytes: Buffer, isOne: (page: Buffer) => boolean): number[] {
    return Array.from({ length: bytes.length / pageBytes }, (_, at) => at)
      .slice(1)
      .filter((at) => isOne(bytes.subarray(at * pageBytes, (at + 1) * pageBytes)));
  }
});

describe('a header', () => {
  const path = 'var/lib/rpm/Packages.db';

  test('that claims 2^31 tags, bytes or values is unknown, and the next package is read', async () => {
    const tags = rpmHeader(bash);
    tags.writeUInt32BE(2 ** 31, 0);
    const store = rpmHeader(bash);
    store.writeUInt32BE(2 ** 31, 4);
    const values = rpmHeader(bash);
    values.writeUInt32BE(2 ** 31, 8 + 16 * 9 + 12);
    const cut = rpmHeader(bash);
    cut.writeUInt32BE(900_000, 8 + 16 * 11 + 12);
    const last = rpmHeader({ ...bash, name: 'last' });
    const bytes = ndbDatabase([tags, store, values, cut, last]);
    const facts = await factsOf(rpmReader, path, bytes);
    expect(reasons(facts)).toEqual(['too_many', 'damaged', 'too_many', 'damaged']);
    // A package with a broken list is still one.
    expect(ofKind(facts, 'package').map(({ name }) => name)).toEqual(['bash', 'bash', 'last']);
  });

  test('may list full paths, and files that are missing or not its own', async () => {
    const bytes = ndbDatabase([
      headerOf([
        ...([1000, 1001, 1002] as const).map((tag) => [tag, 6, ['a']] as const),
        [1027, 8, ['/old/a', '/old/b', '/old/c']],
        [1029, 2, []],
        [1035, 8, ['d41d8cd98f00b204e9800998ecf8427e', '', 'zz']],
      ]),
    ]);
    const [, owned] = await factsOf(rpmReader, path, bytes);
    expect(owned).toMatchObject({
      files: [
        { path: 'old/a', digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' },
        { path: 'old/b' },
        { path: 'old/c' },
      ],
    });
  });

  test('cannot expand few bytes to paths of any length', async () => {
    const directory = `/${'d'.repeat(4_000)}/`;
    const files = Array.from({ length: 50_000 }, (_, at) => ({ directory, name: String(at) }));
    const facts = await factsOf(rpmReader, path, ndbDatabase([rpmHeader({ ...bash, files })]));
    expect(reasons(facts)).toEqual(['too_many']);
    const long = [{ directory: `/${'d'.repeat(5_000)}/`, name: 'f' }];
    const lost = await factsOf(rpmReader, path, ndbDatabase([rpmHeader({ ...bash, files: long })]));
    expect(reasons(lost)).toEqual(['too_large']);
  });

  test('with any damage yields all that is readable', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(rpmHeader(bash)), async (blob) => {
        const last = rpmHeader({ ...bash, name: 'last' });
        const facts = await factsOf(rpmReader, path, ndbDatabase([Buffer.from(blob), last]));
        expect(ofKind(facts, 'package').map(({ name }) => name)).toContain('last');
      }),
      { numRuns: 100 },
    );
  });
});

describe('next to the database', () => {
  test('a log with changes is a missing part, an empty one is not', async () => {
    const path = 'usr/lib/sysimage/rpm/rpmdb.sqlite-wal';
    expect(await factsOf(rpmLogReader, path, '')).toEqual([]);
    const facts = await factsOf(rpmLogReader, path, 'x'.repeat(32 + 24 + 4_096));
    expect(reasons(facts)).toEqual(['missing_part']);
  });

  test('the list of an image without rpm has packages', async () => {
    const path = 'var/lib/rpmmanifest/container-manifest-2';
    const lines = [
      'glibc\t2.35-1.cm2\t1\t2\tMicrosoft\t(none)\t3\tx86_64\t0\tglibc-2.35-1.cm2.src.rpm',
      'perl\t5.34-1.cm2\t1\t2\t(none)\t4\t3\tnoarch\t4\t(none)',
      'gpg-pubkey\t1-1\t1\t2\t(none)\t(none)\t0\t(none)\t0\t(none)',
      'broken',
    ];
    const facts = await factsOf(rpmManifestReader, path, lines.join('\n'));
    expect(ofKind(facts, 'package')).toMatchObject([
      { name: 'glibc', version: '2.35-1.cm2', supplier: 'Microsoft', source: { name: 'glibc' } },
      { name: 'perl', version: '4:5.34-1.cm2', architecture: 'noarch' },
    ]);
    expect(reasons(facts)).toEqual(['damaged']);
    await neverCrashes(rpmManifestReader, path, Buffer.from(lines.join('\n')));
  });
});
