import { describe, expect, test } from 'vitest';

import { apkReader } from './apk.ts';
import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';

const path = 'lib/apk/db/installed';
const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const sum = `Q1${Buffer.from(sha1, 'hex').toString('base64')}`;

const sound = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r9
A:x86_64
S:407278
I:667648
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Timo <t@example.org>
t:1739970720
c:8c43a3a65f9eb8e7a3b8d9c2b8dd5e3e2a9e2a2d
D:so:libc.musl-x86_64.so.1 busybox>=1.36~git1 !uclibc
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:${sum}
R:no-sum
F:usr/bin
M:0:0:1777
R:ldd
Z:${sum}

P:tzdata
V:2024a-r0
A:x86_64
F:usr/share/zoneinfo
R:UTC
`;

describe('the database of apk', () => {
  test('lists packages and their files with the recorded digests', async () => {
    const facts = await factsOf(apkReader, path, sound);
    expect(facts).toEqual([
      {
        kind: 'package',
        path,
        type: 'apk',
        name: 'musl',
        version: '1.2.5-r9',
        purl: 'pkg:apk/musl@1.2.5-r9?arch=x86_64',
        foundBy: 'database',
        state: 'installed',
        architecture: 'x86_64',
        source: { name: 'musl' },
        licenses: ['MIT'],
        supplier: 'Timo <t@example.org>',
        dependsOn: ['so:libc.musl-x86_64.so.1', 'busybox'],
      },
      {
        kind: 'ownership',
        path,
        type: 'apk',
        name: 'musl',
        version: '1.2.5-r9',
        architecture: 'x86_64',
        files: [
          { path: 'lib/ld-musl-x86_64.so.1', digest: `sha1:${sha1}` },
          { path: 'lib/no-sum' },
          { path: 'usr/bin/ldd', digest: `sha1:${sha1}` },
        ],
      },
      expect.objectContaining({ kind: 'package', name: 'tzdata', version: '2024a-r0' }),
      expect.objectContaining({
        kind: 'ownership',
        name: 'tzdata',
        files: [{ path: 'usr/share/zoneinfo/UTC' }],
      }),
    ]);
  });

  test('may end with or without an empty line, and may have carriage returns', async () => {
    const facts = await factsOf(apkReader, path, sound);
    expect(await factsOf(apkReader, path, `${sound}\n\n`)).toEqual(facts);
    expect(await factsOf(apkReader, path, sound.replaceAll('\n', '\r\n'))).toEqual(facts);
    const cut = await factsOf(apkReader, 'usr/lib/apk/db/installed', sound.trimEnd());
    expect(ofKind(cut, 'package')).toHaveLength(2);
    expect(ofKind(cut, 'diagnostic')).toMatchObject([{ reason: 'damaged' }]);
  });

  test.each(['invalid', '1.0-1', '1..2', 'r1', '1.0_foo2'])(
    'with the version %s still has the package, with a warning about the version',
    async (version) => {
      const facts = await factsOf(apkReader, path, `P:a\nV:${version}\n\nP:b\nV:1\n`);
      expect(ofKind(facts, 'package').map((one) => one.version)).toEqual([version, '1']);
      expect(ofKind(facts, 'diagnostic')).toHaveLength(1);
    },
  );

  test('with a version of several words is unknown, and the next package is read', async () => {
    const facts = await factsOf(apkReader, path, 'P:a\nV:1 2\n\nP:b\nV:\n\nP:c\nV:1\n');
    expect(ofKind(facts, 'package').map(({ name }) => name)).toEqual(['c']);
    expect(ofKind(facts, 'diagnostic')).toHaveLength(2);
  });

  test('may have very large entries', async () => {
    const text = `P:a\nV:1\nT:${'x'.repeat(5_000_000)}\nD:${'y '.repeat(500_000)}\nF:${'z'.repeat(9_000)}\nR:f\n`;
    const facts = await factsOf(apkReader, path, text);
    expect(ofKind(facts, 'package').map(({ name }) => name)).toEqual(['a']);
    expect(ofKind(facts, 'diagnostic').map(({ reason }) => reason)).toEqual([
      'too_large',
      'too_large',
    ]);
    const files = Array.from({ length: 50_000 }, (_, at) => `R:${at}\n`).join('');
    const [, owned] = await factsOf(apkReader, path, `P:a\nV:1\nF:usr\n${files}`);
    expect(owned).toMatchObject({ files: { length: 50_000 } });
  });

  test('never crashes a reader', async () => {
    await neverCrashes(apkReader, path, Buffer.from(sound));
  });
});
