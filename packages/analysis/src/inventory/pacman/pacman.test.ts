// Not in the quick check: decompression bombs are read up to the limit.
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { inventoryLimits } from '../limits.ts';
import { pacmanFilesReader, pacmanReader } from './pacman.ts';
import { factsOf, neverCrashes, ofKind } from '../testing/read-file.ts';

const directory = 'var/lib/pacman/local/gcc-libs-1:13.2.1-3';
const sound = `%NAME%
gcc-libs

%VERSION%
1:13.2.1-3

%BASE%
gcc

%DESC%
%NAME%
Runtime libraries

%ARCH%
x86_64

%PACKAGER%
Frederik <f@example.org>

%LICENSE%
GPL-3.0-or-later
RUNTIME-EXCEPTION

%DEPENDS%
glibc>=2.27
sh

%PROVIDES%
libgomp.so=1-64

`;
const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const mtree = `#mtree
/set type=file uid=0 gid=0 mode=644
./.PKGINFO time=1.0 size=9 md5digest=d41d8cd98f00b204e9800998ecf8427e sha256digest=${sha256}
./usr time=1.0 mode=755 type=dir
./usr/lib/a\\040b\\303\\274 time=1.0 size=0 sha256digest=${sha256}
./usr/lib/link time=1.0 mode=777 type=link link=a
/unset type
./usr/old time=1.0 md5digest=d41d8cd98f00b204e9800998ecf8427e
`;

describe('the database of pacman', () => {
  test('lists a package', async () => {
    const path = `${directory}/desc`;
    expect(await factsOf(pacmanReader, path, sound)).toEqual([
      {
        kind: 'package',
        path,
        type: 'alpm',
        name: 'gcc-libs',
        version: '1:13.2.1-3',
        purl: 'pkg:alpm/gcc-libs@1:13.2.1-3?arch=x86_64',
        foundBy: 'database',
        state: 'installed',
        architecture: 'x86_64',
        source: { name: 'gcc' },
        licenses: ['GPL-3.0-or-later', 'RUNTIME-EXCEPTION'],
        supplier: 'Frederik <f@example.org>',
        dependsOn: ['glibc', 'sh'],
      },
    ]);
  });

  test('that is truncated or of another format is unknown', async () => {
    for (const text of ['', '%NAME%\ngcc', 'x', `%NAME%\n${'n'.repeat(300_000)}\n`]) {
      const facts = await factsOf(pacmanReader, `${directory}/desc`, text);
      expect(ofKind(facts, 'package')).toEqual([]);
      expect(ofKind(facts, 'diagnostic')).not.toEqual([]);
    }
  });

  test('lists the files of a package, named by its directory', async () => {
    const path = `${directory}/files`;
    const text = '%FILES%\nusr/\nusr/lib/\nusr/lib/a bü\n\n%BACKUP%\netc/x\tmd5\n';
    expect(await factsOf(pacmanFilesReader, path, text)).toEqual([
      {
        kind: 'ownership',
        path,
        type: 'alpm',
        name: 'gcc-libs',
        version: '1:13.2.1-3',
        files: [{ path: 'usr' }, { path: 'usr/lib' }, { path: 'usr/lib/a bü' }],
      },
    ]);
  });

  test.each([mtree, gzipSync(mtree)])('has their digests, compressed or not', async (bytes) => {
    const [owned] = await factsOf(pacmanFilesReader, `${directory}/mtree`, bytes);
    expect(owned).toMatchObject({
      name: 'gcc-libs',
      files: [
        { path: 'usr' },
        { path: 'usr/lib/a bü', digest: `sha256:${sha256}` },
        { path: 'usr/lib/link' },
        { path: 'usr/old', digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' },
      ],
    });
  });

  test('with a list that is a decompression bomb or damaged is unknown', async () => {
    const bomb = gzipSync(Buffer.alloc(inventoryLimits.readerTextBytes + 1));
    const path = `${directory}/mtree`;
    expect(await factsOf(pacmanFilesReader, path, bomb)).toMatchObject([{ reason: 'too_large' }]);
    const cut = gzipSync(mtree).subarray(0, 40);
    expect(await factsOf(pacmanFilesReader, path, cut)).toMatchObject([{ reason: 'damaged' }]);
    const unnamed = 'var/lib/pacman/local/x/files';
    expect(await factsOf(pacmanFilesReader, unnamed, '')).toMatchObject([{ reason: 'damaged' }]);
  });

  test('never crashes a reader', async () => {
    await neverCrashes(pacmanReader, `${directory}/desc`, Buffer.from(sound));
    await neverCrashes(pacmanFilesReader, `${directory}/files`, Buffer.from('%FILES%\nusr/\n'));
    await neverCrashes(pacmanFilesReader, `${directory}/mtree`, Buffer.from(mtree));
    await neverCrashes(pacmanFilesReader, `${directory}/mtree`, gzipSync(mtree));
  });
});
