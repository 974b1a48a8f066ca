// Not in the quick check: nested archives are unpacked up to their limits.
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NestedBudget } from './nested-budget.ts';
import { openNested } from './nested.ts';
import {
  arArchive,
  arj,
  binaryCpio,
  cpioArchive,
  openAll,
  sevenZip,
  swappedCpio,
} from './testing/nested-samples.ts';
import { archive } from './testing/tar-samples.ts';
import { zipArchive } from './testing/zip-samples.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const evil = Buffer.from('something evil');

async function tarOf(path: string, content: Buffer): Promise<Buffer> {
  return archive([{ path, content }]);
}

function zipOf(path: string, content: Buffer): Buffer {
  return zipArchive([{ path, content }]);
}

describe('hiding places', () => {
  test('a zip in a tar.gz', async () => {
    const tar = await tarOf('./x/in.zip', zipOf('deep/evil', evil));
    const opened = await openAll(gzipSync(tar), { path: 'a.tar.gz' });
    expect([...opened.members.keys()]).toEqual([
      'a.tar.gz!/a.tar',
      'a.tar.gz!/a.tar!/./x/in.zip',
      'a.tar.gz!/a.tar!/./x/in.zip!/deep/evil',
    ]);
    expect(opened.members.get('a.tar.gz!/a.tar!/./x/in.zip!/deep/evil')).toEqual(evil);
    expect(opened.gaps).toEqual([]);
  });

  test('names do not matter: a tar named .txt, a zip named .png', async () => {
    const opened = await openAll(await tarOf('a.png', zipOf('evil', evil)), { path: 'notes.txt' });
    expect(opened.members.get('notes.txt!/a.png!/evil')).toEqual(evil);
  });

  test('a zip appended to a program', async () => {
    const bytes = Buffer.concat([Buffer.from('\x7fELF and so on\n'), zipOf('evil', evil)]);
    expect((await openAll(bytes)).members.get('file!/evil')).toEqual(evil);
  });

  test('the second member of a gzip, and the second frame of a zstd', async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const bytes = Buffer.concat([compress(Buffer.from('first,')), compress(evil)]);
      const opened = await openAll(bytes, { path: 'a.gz' });
      expect(opened.members.get('a.gz!/a')?.toString()).toBe('first,something evil');
    }
  });

  test('a package: ar with a compressed tar', async () => {
    const data = zstdCompressSync(await tarOf('./usr/bin/x', evil));
    const bytes = arArchive([
      { path: 'debian-binary', content: Buffer.from('2.0\n') },
      { path: 'a-long-name-for-data.tar.zst', content: data },
    ]);
    const opened = await openAll(bytes, { path: 'x.deb' });
    const path = 'x.deb!/a-long-name-for-data.tar.zst!/a-long-name-for-data.tar!/./usr/bin/x';
    expect(opened.members.get(path)).toEqual(evil);
  });

  test('a boot image: a cpio followed by a compressed one', async () => {
    const early = cpioArchive([{ path: 'kernel/microcode', content: Buffer.from('code') }]);
    const main = gzipSync(cpioArchive([{ path: 'bin/sh', content: evil }]));
    const bytes = Buffer.concat([early, Buffer.alloc(512), main]);
    const opened = await openAll(bytes, { path: 'initrd' });
    expect(opened.members.get('initrd!/kernel/microcode')?.toString()).toBe('code');
    expect(opened.members.get('initrd!/after the end!/content!/bin/sh')).toEqual(evil);
  });

  test.each([
    ['of this byte order', binaryCpio],
    ['of the other one', swappedCpio()],
  ])('an old cpio %s', async (_, bytes) => {
    const opened = await openAll(Buffer.concat([bytes, Buffer.alloc(512)]));
    expect(opened.gaps).toEqual([]);
    const found = [...opened.members].map(([path, content]) => [path, content.toString()]);
    expect(found).toEqual([
      ['file!/evil', 'something evil'],
      ['file!/x', 'odd'],
    ]);
    const cut = await openAll(bytes.subarray(0, 70));
    expect(cut.gaps).toEqual(['file: damaged']);
    expect(cut.members.get('file!/evil')).toEqual(evil);
  });

  test('a tar above the file size limit is read as a stream', async () => {
    const filler = Buffer.alloc(300 * KiB);
    const tar = await archive([
      { path: 'filler', content: filler },
      { path: 'late/evil', content: evil },
    ]);
    const opened = await openAll(gzipSync(tar), {
      path: 'a.tgz',
      limits: { fileBytes: 100 * KiB },
    });
    expect(opened.members.get('a.tgz!/a.tar!/late/evil')).toEqual(evil);
    expect(opened.gaps).toEqual(['a.tgz!/a.tar: too_large', 'a.tgz!/a.tar!/filler: too_large']);
  });
});

describe('unsupported content is reported', () => {
  test.each([
    ['7z', '7z\xbc\xaf\x27\x1c and more'],
    ['rar', 'Rar!\x1a\x07\x01\0 and more'],
    ['cab', 'MSCF\0\0\0\0 and more'],
    ['lz4', '\x04\x22\x4d\x18 and more'],
    ['an iso', `${'\0'.repeat(32_769)}CD001 and more`],
    ['a thin ar', '!<thin>\n and more'],
    ['udf', `${'\0'.repeat(32_769)}BEA01 and more`],
    ['chm', 'ITSF\x03\0\0\0\x60\0\0\0 and more'],
    ['tnef', '\x78\x9f\x3e\x22\x01\x02\x01 and more'],
    ['lzh', `\x1a\x9f-lh5-${'\0'.repeat(13)}\x02 and more`],
    ['ace', '\x31\x77\x31\0\0\0\0**ACE** and more'],
    ['zoo', `ZOO 2.10 Archive.\x1a\0\0\xdc\xa7\xc4\xfd and more`],
    ['wim', 'MSWIM\0\0\0 and more'],
    ['lzop', '\x89LZO\0\r\n\x1a\n and more'],
    ['cramfs', `\x45\x3d\xcd\x28${'\0'.repeat(12)}Compressed ROMFS and more`],
    ['erofs', `${'\0'.repeat(1_024)}\xe2\xe1\xf5\xe0${'\0'.repeat(200)}`],
    ['squashfs', `hsqs${'\0'.repeat(24)}\x04\0${'\0'.repeat(80)}`],
    ['dmg', `data${'\0'.repeat(600)}koly\0\0\0\x04\0\0\x02\0${'\0'.repeat(500)}`],
    ['what 7-Zip makes', sevenZip.toString('latin1')],
    ['what arj makes', arj.toString('latin1')],
  ])('%s', async (_, text) => {
    const opened = await openAll(zipOf('inner', Buffer.from(text, 'latin1')));
    expect(opened.gaps).toEqual(['file!/inner: unsupported']);
    expect(opened.members.has('file!/inner')).toBe(true);
  });

  test('an encrypted member of a zip, and one that is not', async () => {
    const bytes = zipArchive([
      { path: 'locked', content: evil, flags: 1 },
      { path: 'open', content: evil },
    ]);
    const opened = await openAll(bytes);
    expect(opened.gaps).toEqual(['file!/locked: encrypted']);
    expect(opened.members.get('file!/open')).toEqual(evil);
  });

  test('damage, after the content before it', async () => {
    const long = Buffer.alloc(300 * KiB, 'abcdefghij');
    const cut = gzipSync(Buffer.concat([evil, long])).subarray(0, -20);
    const opened = await openAll(cut, { path: 'a.gz' });
    expect(opened.gaps).toEqual(['a.gz: damaged']);
    expect(opened.truncated).toEqual(['a.gz!/a']);
    expect(opened.members.get('a.gz!/a')?.subarray(0, evil.length)).toEqual(evil);
  });

  test('files that are not archives yield nothing', async () => {
    for (const text of ['', 'x', 'plain text', 'PK', '\x1f\x8b', 'BZh9 is not magic', ']\0\0']) {
      const opened = await openAll(Buffer.from(text, 'latin1'));
      expect([[...opened.members.keys()], opened.gaps]).toEqual([[], []]);
    }
  });
});

describe('bombs', () => {
  test('a gzip of zeros stops at the ratio, and its start is kept', async () => {
    const bytes = gzipSync(Buffer.alloc(24 * MiB));
    const opened = await openAll(bytes, { path: 'a.gz', limits: { ratioFreeBytes: MiB } });
    expect(opened.gaps).toEqual(['a.gz: ratio']);
    expect(opened.truncated).toEqual(['a.gz!/a']);
    expect(opened.members.get('a.gz!/a')?.length).toBeLessThan(25 * MiB);
  });

  test('a zstd without a content size', async () => {
    const one = zstdCompressSync(Buffer.alloc(4 * MiB));
    const bytes = Buffer.concat(Array.from({ length: 50 }, () => one));
    const limits = { totalBytes: 20 * MiB, fileBytes: 8 * MiB, ratio: 1e9 };
    const opened = await openAll(bytes, { limits });
    expect(opened.gaps).toEqual(['file!/content: too_large']);
    expect(opened.members.get('file!/content')?.length).toBeLessThanOrEqual(8 * MiB);
  });

  test('many zips in a zip share one limit', async () => {
    const leaf = zipOf('zeros', Buffer.alloc(MiB));
    const many = (content: Buffer): Buffer =>
      zipArchive(Array.from({ length: 16 }, (_, index) => ({ path: `${index}`, content })));
    const bytes = many(many(many(leaf)));
    const limits = { totalBytes: 10 * MiB, ratio: 1e9 };
    const opened = await openAll(bytes, { limits });
    expect(opened.gaps).toEqual(['file: too_large']);
    expect(opened.members.size).toBeGreaterThan(5);
    const few = await openAll(bytes, { limits: { entries: 40, ratio: 1e9 } });
    expect(few.gaps).toEqual(['file: too_many']);
  });

  test('an archive that contains itself is limited by the depth', async () => {
    const opened = await openAll(quine(), { path: 'r.gz', limits: { depth: 5 } });
    expect(opened.gaps.filter((gap) => gap.endsWith('too_deep'))).toHaveLength(1);
    expect(opened.members.size).toBe(5);
  });

  test('a tar.gz is one container, however often it is nested', async () => {
    let bytes: Buffer = evil;
    for (let depth = 0; depth < 5; depth += 1) bytes = gzipSync(await tarOf('in.tgz', bytes));
    const all = await openAll(bytes, { limits: { depth: 5 } });
    expect(all.gaps).toEqual([]);
    expect([...all.members.values()].at(-1)).toEqual(evil);
    const some = await openAll(bytes, { limits: { depth: 4 } });
    expect(some.gaps).toEqual([expect.stringMatching(/in\.tgz: too_deep$/)]);
  });

  test('members that share bytes are not read', async () => {
    const content = Buffer.alloc(100 * KiB);
    const bytes = overlapping(content);
    const opened = await openAll(bytes);
    expect(opened.gaps.length).toBeGreaterThan(0);
    expect(opened.gaps.every((gap) => gap.endsWith('ratio'))).toBe(true);
  });

  test('a dictionary of 4 GiB is refused before it is allocated', async () => {
    const header = Buffer.from('5d00000080ffffffffffffffff00', 'hex');
    const opened = await openAll(Buffer.concat([header, Buffer.alloc(100, 7)]));
    expect(opened.gaps).toEqual(['file: too_large']);
  });

  test('the memory in use is limited along the chain', async () => {
    const noise = Buffer.from(
      fc.sample(fc.uint8Array({ minLength: 9_000, maxLength: 9_000 }), 1)[0]!,
    );
    let bytes: Buffer = noise;
    for (let depth = 0; depth < 4; depth += 1) bytes = gzipSync(bytes, { level: 0 });
    const opened = await openAll(bytes, { limits: { heldBytes: 20_000 } });
    expect(opened.gaps).toEqual(['file!/content!/content!/content: too_large']);
  });

  test('the time limit applies, and previous results are kept', async () => {
    let clock = 0;
    const files = Array.from({ length: 50 }, (_, index) => ({ path: `${index}`, content: evil }));
    const now = (): number => (clock += 10);
    const opened = await openAll(zipArchive(files), { now, limits: { timeMs: 200 } });
    expect(opened.gaps).toEqual(['file: timed_out']);
    expect(opened.members.size).toBeGreaterThan(2);
  });

  /** A reader sees the same stream at every depth; no tool makes such a file. */
  function quine(): Buffer {
    let bytes: Buffer = Buffer.from('end');
    for (let depth = 0; depth < 30; depth += 1) bytes = gzipSync(bytes);
    return bytes;
  }

  /** Two directory entries for the same member. */
  function overlapping(content: Buffer): Buffer {
    const single = zipOf('zeros', content);
    const directory = single.indexOf('PK\x01\x02', 'latin1');
    const end = single.indexOf('PK\x05\x06', 'latin1');
    const entry = single.subarray(directory, end);
    const tail = Buffer.from(single.subarray(end));
    tail.writeUInt16LE(2, 8);
    tail.writeUInt16LE(2, 10);
    tail.writeUInt32LE(entry.length * 2, 12);
    return Buffer.concat([single.subarray(0, end), entry, tail]);
  }
});

describe('whatever comes', () => {
  const limits = { totalBytes: MiB, fileBytes: 256 * KiB, entries: 100, ratioFreeBytes: MiB };

  test('arbitrary bytes after magic bytes yield members and gaps', async () => {
    const magics = [
      'PK\x03\x04',
      '\x1f\x8b\x08',
      '\x28\xb5\x2f\xfd',
      '\xfd7zXZ\0\0\x04',
      '!<arch>\n',
    ];
    const more = [
      '070701',
      '070707',
      '\xc7\x71',
      '\x71\xc7',
      '\xed\xab\xee\xdb',
      'BZh91AY&SY',
      ']\0\0\x01\0',
      '',
    ];
    const magic = fc.constantFrom(...magics, ...more).map((text) => Buffer.from(text, 'latin1'));
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 600 }), async (head, tail) => {
        const opened = await openAll(Buffer.concat([head, tail]), { limits });
        for (const gap of opened.gaps) expect(gap).not.toContain(': failed');
      }),
      { numRuns: 400 },
    );
  });

  test('archives with changed bytes yield members and gaps', async () => {
    const tar = await tarOf('a', Buffer.alloc(2_000, 'text and text '));
    const samples = [
      zipOf('a', tar),
      gzipSync(tar),
      zstdCompressSync(tar),
      arArchive([{ path: 'a', content: gzipSync(tar) }]),
      cpioArchive([{ path: 'a', content: tar }]),
      binaryCpio,
    ];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...samples), edits, async (sample, changes) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const opened = await openAll(bytes, { limits });
        for (const gap of opened.gaps) expect(gap).not.toContain(': failed');
      }),
      { numRuns: 400 },
    );
  });

  test('an early exit releases resources', async () => {
    const bytes = gzipSync(await tarOf('a', evil));
    for await (const step of openNested({ path: 'x', bytes }, new NestedBudget({ now: () => 0 }))) {
      expect(step.type).toBe('member');
      break;
    }
  });

  test('a bare deflate stream is not detected', async () => {
    expect((await openAll(deflateRawSync(evil))).members.size).toBe(0);
  });
});
