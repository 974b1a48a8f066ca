import { describe, expect, test } from 'vitest';

import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import { dpkgFilesReader, dpkgReader } from './dpkg.ts';
import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';

const status = 'var/lib/dpkg/status';

const sound = `Package: libc6
Status: install ok installed
Priority: optional
Maintainer: Jérôme <j@example.org>
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 1:2.36~rc1-9+deb12u4
Depends: libgcc-s1 (>= 3.5), libcrypt1 | libxcrypt [amd64],
 libfoo:any
Pre-Depends: dpkg (>= 1)
Conffiles:
 /etc/ld.so.conf.d/x86.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: C library
 Version: 9
 .
 more

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: half
Status: install reinstreq half-installed
Architecture: all
Version: 2

Package: waits
Status: install ok triggers-awaited
Architecture: all
Version: 0~0-0ubuntu1

Package: never
Status: unknown ok not-installed
Architecture: all
`;

async function packages(text: string | Uint8Array, path = status): Promise<Record<string, string>> {
  const facts = ofKind(await factsOf(dpkgReader, path, text), 'package');
  return Object.fromEntries(facts.map(({ name, version, state }) => [name, `${version} ${state}`]));
}

async function warningsIn(text: string | Uint8Array, path = status): Promise<string[]> {
  const facts = ofKind(await factsOf(dpkgReader, path, text), 'diagnostic');
  return facts.map(({ reason, detail }) => `${reason}: ${detail}`);
}

describe('the status file of dpkg', () => {
  test('lists packages with their states, versions verbatim', async () => {
    expect(await packages(sound)).toEqual({
      libc6: '1:2.36~rc1-9+deb12u4 installed',
      gone: '1 removed',
      half: '2 broken',
      waits: '0~0-0ubuntu1 installed',
    });
    expect(await warningsIn(sound)).toEqual([]);
  });

  test('yields all fields of the facts', async () => {
    const [libc6] = await factsOf(dpkgReader, status, sound);
    expect(libc6).toEqual({
      kind: 'package',
      path: status,
      type: 'deb',
      name: 'libc6',
      version: '1:2.36~rc1-9+deb12u4',
      purl: 'pkg:deb/libc6@1:2.36~rc1-9%2Bdeb12u4?arch=amd64',
      foundBy: 'database',
      state: 'installed',
      architecture: 'amd64',
      source: { name: 'glibc', version: '2.36-9' },
      supplier: 'Jérôme <j@example.org>',
      dependsOn: ['dpkg', 'libgcc-s1', 'libcrypt1', 'libxcrypt', 'libfoo'],
    });
  });

  test.each([
    status,
    'rootfs/var/lib/dpkg/status',
    'usr/lib/opkg/status',
    'var/lib/dpkg/status.d/libc6',
    'app/var/lib/dpkg/status.d/base',
  ])('is read at %s', async (path) => {
    expect(Object.keys(await packages(sound, path))).toContain('libc6');
  });

  test.each(['status', 'srv/status', 'var/lib/dpkg/status.d/libc6.md5sums', 'x/status.d/libc6'])(
    'is not read as %s',
    (path) => {
      const file = {
        path,
        type: 'file',
        mode: 0,
        uid: 0,
        gid: 0,
        sizeBytes: 0,
        mtimeMs: 0,
      } as const;
      expect(dpkgReader.accepts?.(file)).toBe(false);
    },
  );

  test('may have carriage returns, and bytes that are not UTF-8', async () => {
    expect(await packages(sound.replaceAll('\n', '\r\n'))).toEqual(await packages(sound));
    const latin = Buffer.from(sound, 'latin1');
    const [libc6] = ofKind(await factsOf(dpkgReader, status, latin), 'package');
    expect(libc6?.supplier).toBe('Jérôme <j@example.org>');
  });

  test('may have one field of 20 MB', async () => {
    const huge = `${'x'.repeat(20_000_000)}\n`;
    const about = `Package: a\nStatus: install ok installed\nVersion: 1\nDescription: ${huge}`;
    expect(await packages(about)).toEqual({ a: '1 installed' });
    expect(await warningsIn(about)).toEqual([]);
    const needs = `Package: a\nVersion: 1\nDepends: ${huge}`;
    expect(await packages(needs)).toEqual({ a: '1 installed' });
    expect(await warningsIn(needs)).toEqual([
      `too_large: the field depends has more than ${inventoryLimits.packageFieldBytes} bytes (line 3)`,
    ]);
    expect(await warningsIn(`Package: a\nVersion: ${huge}`)).toHaveLength(2);
  });

  test('that is truncated in its last paragraph is read up to there and reported as truncated', async () => {
    const cut = sound.slice(0, sound.indexOf('\n\nPackage: waits') - 1);
    expect(await packages(`${cut}9`)).toMatchObject({ libc6: '1:2.36~rc1-9+deb12u4 installed' });
    expect(await warningsIn(`${cut}9`)).toEqual([
      'damaged: the file ends inside the paragraph of line 24',
    ]);
  });

  test('of an image built without dpkg needs no line end', async () => {
    const path = 'var/lib/dpkg/status.d/tzdata';
    const text = 'Package: tzdata\nVersion: 2024a-0\nArchitecture: all';
    expect(await packages(text, path)).toEqual({ tzdata: '2024a-0 installed' });
    expect(await warningsIn(text, path)).toEqual([]);
  });

  test('reports entries without a name or version as unknown', async () => {
    expect(await warningsIn('Package: a\nStatus: install ok installed\n')).toEqual([
      'damaged: the version of a is missing',
    ]);
    expect(await warningsIn('Version: 1\n')).toHaveLength(1);
    expect(await warningsIn('what is this\n')).toHaveLength(2);
    expect(await warningsIn('no field\n'.repeat(50_000))).toHaveLength(
      analysisLimits.warningsPerFile + 1,
    );
  });

  test('never crashes a reader', async () => {
    await neverCrashes(dpkgReader, status, Buffer.from(sound));
  });
});

describe('the lists of dpkg', () => {
  test('have the files of a package and of an architecture', async () => {
    const path = 'var/lib/dpkg/info/libc6:amd64.list';
    const text = '/.\n/usr\n/usr/lib\n/usr/lib/x y.so\n//odd/./path/\n';
    expect(await factsOf(dpkgFilesReader, path, text)).toEqual([
      {
        kind: 'ownership',
        path,
        type: 'deb',
        name: 'libc6',
        architecture: 'amd64',
        files: [
          { path: 'usr' },
          { path: 'usr/lib' },
          { path: 'usr/lib/x y.so' },
          { path: 'odd/path' },
        ],
      },
    ]);
  });

  test.each(['var/lib/dpkg/info/base.md5sums', 'var/lib/dpkg/status.d/base.md5sums'])(
    'have checksums: %s',
    async (path) => {
      const digest = 'd41d8cd98f00b204e9800998ecf8427e';
      const text = `${digest}  usr/bin/a b\n${digest.toUpperCase()}  ./usr/c\nbad  usr/d\n`;
      const facts = await factsOf(dpkgFilesReader, path, text);
      expect(ofKind(facts, 'ownership')).toEqual([
        {
          kind: 'ownership',
          path,
          type: 'deb',
          name: 'base',
          files: [
            { path: 'usr/bin/a b', digest: `md5:${digest}` },
            { path: 'usr/c', digest: `md5:${digest}` },
          ],
        },
      ]);
      expect(ofKind(facts, 'diagnostic')).toHaveLength(1);
    },
  );

  test('never crash a reader', async () => {
    const path = 'var/lib/dpkg/info/a.md5sums';
    const text = 'd41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n';
    await neverCrashes(dpkgFilesReader, path, Buffer.from(text));
    await neverCrashes(dpkgFilesReader, 'var/lib/dpkg/info/a.list', Buffer.from('/.\n/../a\n'));
  });
});
