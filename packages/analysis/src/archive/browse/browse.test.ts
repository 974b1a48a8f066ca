// Not in the quick check: archives are opened in threads.
/** Archives as trees: every format, untrusted names, bombs, damage, archives inside archives. */
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import { afterEach, describe, expect, test } from 'vitest';

import { arArchive, cpioArchive } from '../testing/nested-samples.ts';
import { archive as tarArchive } from '../testing/tar-samples.ts';
import { zipArchive } from '../testing/zip-samples.ts';
import { ArchiveBrowser } from './archive-browser.ts';
import type { ArchiveSource } from './archive-browser.ts';
import { browseLimits } from './archive-listing.ts';
import { listMembers } from './list-members.ts';
import { pageMembers } from './page-members.ts';
import type { PageRequest } from './page-members.ts';
import { readMember } from './read-member.ts';

const files = [
  { path: 'a.txt', content: Buffer.from('alpha') },
  { path: 'dir/b.bin', content: Buffer.from([0, 1, 2]) },
];
const tar = await tarArchive([
  { type: 'file', path: 'a.txt', content: Buffer.from('alpha') },
  { type: 'directory', path: 'dir' },
  { type: 'file', path: 'dir/b.bin', content: Buffer.from([0, 1, 2]) },
  { type: 'symlink', path: 'dir/link', linkPath: '/etc/passwd' },
]);
const request: PageRequest = { directory: '', recursive: false, text: '', offset: 0, limit: 100 };

describe('listing', () => {
  test.each([
    ['zip', zipArchive(files)],
    ['tar', tar],
    ['tar.gz', gzipSync(tar)],
    ['tar.zst', zstdCompressSync(tar)],
    ['ar', arArchive(files)],
    ['cpio', cpioArchive(files)],
  ])('%s: every file is listed and its content is the original one', async (format, bytes) => {
    const listing = await listMembers(bytes);
    expect(listing).toMatchObject({ format, gaps: [] });
    for (const { path, content } of files) {
      const member = listing.members.find((one) => one.path === path);
      expect(member).toMatchObject({ type: 'file', sizeBytes: content.length, warnings: [] });
      expect(await readMember(bytes, member?.position ?? -1)).toEqual(content);
    }
  });

  test('a compressed file that is not an archive has one member', async () => {
    const bytes = gzipSync('just text');
    expect(await listMembers(bytes)).toMatchObject({
      format: 'gz',
      members: [{ path: 'content', sizeBytes: 9 }],
    });
    expect((await readMember(bytes, 0)).toString()).toBe('just text');
  });

  test.each([
    ['text', Buffer.from('plain text'), 'not_archive'],
    ['nothing', Buffer.alloc(0), 'not_archive'],
    ['7z', Buffer.from('7z\xbc\xaf\x27\x1c\0\x04', 'latin1'), 'unsupported'],
  ])('%s is refused with a code', async (_, bytes, code) => {
    await expect(listMembers(bytes)).rejects.toMatchObject({ name: 'ArchiveError', code });
  });

  test('paths that leave the directory are kept as they are and flagged', async () => {
    const paths = ['../../etc/passwd', '/etc/shadow', String.raw`..\..\evil`, 'C:/x', 'a', 'a'];
    const listing = await listMembers(zipArchive(paths.map((path) => ({ path, content: 'x' }))));
    expect(listing.members.map(({ path, warnings }) => [path, warnings])).toEqual([
      ['../../etc/passwd', ['parent_path']],
      ['/etc/shadow', ['absolute_path']],
      [String.raw`..\..\evil`, ['parent_path']],
      ['C:/x', ['absolute_path']],
      ['a', []],
      ['a', ['duplicate_path']],
    ]);
  });

  test('two members of one path are read by position', async () => {
    const bytes = zipArchive([
      { path: 'a', content: 'first' },
      { path: 'a', content: 'second' },
    ]);
    expect((await readMember(bytes, 0)).toString()).toBe('first');
    expect((await readMember(bytes, 1)).toString()).toBe('second');
  });

  test('a damaged tar lists the members before the damage and reports it', async () => {
    const { members, gaps } = await listMembers(tar.subarray(0, 1_100));
    expect(members.map(({ path }) => path)).toContain('a.txt');
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatch(/ends inside|truncated/);
  });

  test('members beyond the limit are reported as a gap', async () => {
    const many = zipArchive(
      Array.from({ length: 20 }, (_, at) => ({ path: `${at}`, content: '' })),
    );
    const { members, gaps } = await listMembers(many, { ...browseLimits, entries: 10 });
    expect(members).toHaveLength(10);
    expect(gaps).toEqual(['more than 10 members; the rest is not listed']);
  });

  test('a link has no content to read', async () => {
    await expect(readMember(tar, 3)).rejects.toMatchObject({ code: 'no_member' });
    await expect(readMember(tar, 9)).rejects.toThrow('no member 9: the archive has 4 members');
  });
});

describe('bombs', () => {
  test('a gzip bomb ends at the ratio instead of being decompressed', async () => {
    const bytes = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const bounds = { ...browseLimits, ratioFreeBytes: 1024 * 1024, ratio: 100 };
    const { gaps } = await listMembers(bytes, bounds);
    expect(gaps[0]).toContain('more than 100 bytes of content');
    await expect(readMember(bytes, 0, bounds)).rejects.toMatchObject({ code: 'limit' });
  });

  test('a zip member above the limit is refused with its size', async () => {
    const bytes = zipArchive([{ path: 'big', content: randomBytes(5_000) }]);
    const bounds = { ...browseLimits, fileBytes: 4_096 };
    await expect(readMember(bytes, 0, bounds)).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('5000 bytes'),
    });
  });

  test('members that share their bytes are listed, flagged and not read', async () => {
    const bytes = zipArchive([
      { path: 'kernel', content: 'x'.repeat(1_000) },
      { path: 'again', content: 'x'.repeat(1_000), offset: 0 },
    ]);
    const { members } = await listMembers(bytes);
    expect(members.some(({ warnings }) => warnings.includes('overlapping_data'))).toBe(true);
    const shared = members.find(({ warnings }) => warnings.includes('overlapping_data'));
    await expect(readMember(bytes, shared?.position ?? -1)).rejects.toMatchObject({
      code: 'limit',
    });
  });

  test('an encrypted member is flagged, and reading it says that it is encrypted', async () => {
    const bytes = zipArchive([{ path: 'secret', content: 'x', flags: 1 }]);
    expect((await listMembers(bytes)).members[0]?.warnings).toEqual(['encrypted']);
    await expect(readMember(bytes, 0)).rejects.toMatchObject({ code: 'encrypted' });
  });
});

describe('pages', () => {
  test('directories come first, with the sum of what is below them', async () => {
    const { items, matched } = pageMembers(await listMembers(tar), request);
    expect(matched).toBe(2);
    expect(items).toMatchObject([
      { type: 'directory', name: 'dir', path: 'dir', files: 2, sizeBytes: 3 },
      { type: 'file', name: 'a.txt', sizeBytes: 5 },
    ]);
    const inner = pageMembers(await listMembers(tar), { ...request, directory: 'dir' });
    expect(inner.items).toMatchObject([
      { name: 'b.bin', path: 'dir/b.bin' },
      { name: 'link', type: 'symlink', linkTarget: '/etc/passwd' },
    ]);
  });

  test('pages follow each other without loss', async () => {
    const paths = Array.from({ length: 25 }, (_, at) => `f${String(at).padStart(2, '0')}`);
    const listing = await listMembers(zipArchive(paths.map((path) => ({ path, content: path }))));
    const seen: string[] = [];
    for (let offset: number | null = 0; offset !== null;) {
      const page = pageMembers(listing, { ...request, offset, limit: 10 });
      seen.push(...page.items.map(({ name }) => name));
      offset = page.next;
    }
    expect(seen).toEqual(paths);
  });

  test('a search finds files anywhere, in any case', async () => {
    const { items } = pageMembers(await listMembers(tar), { ...request, text: 'B.BIN' });
    expect(items.map(({ path }) => path)).toEqual(['dir/b.bin']);
  });

  test('a parent path is a directory named .. and nothing else', async () => {
    const listing = await listMembers(zipArchive([{ path: '../../x', content: 'x' }]));
    expect(pageMembers(listing, request).items).toMatchObject([{ name: '..', type: 'directory' }]);
    expect(pageMembers(listing, { ...request, directory: '../..' }).items).toMatchObject([
      { name: 'x', path: '../../x' },
    ]);
  });
});

describe('browser', () => {
  let browser: ArchiveBrowser | undefined;
  afterEach(() => browser?.close());

  const source = (
    bytes: Buffer,
    inside: readonly number[] = [],
  ): ArchiveSource & { opened: number } => {
    const made = {
      key: bytes.toString('latin1').slice(0, 30) + bytes.length,
      inside,
      opened: 0,
      open: () => {
        made.opened += 1;
        return Promise.resolve(Buffer.from(bytes));
      },
    };
    return made;
  };

  test('reads the archive once and answers pages and members in a thread', async () => {
    browser = new ArchiveBrowser();
    const from = source(gzipSync(tar));
    const { archive, page } = await browser.page(from, request);
    expect(archive).toMatchObject({ format: 'tar.gz', members: 4, totalBytes: 8, gaps: [] });
    expect(page.items).toHaveLength(2);
    const member = await browser.member(from, 0);
    expect([member.path, Buffer.from(member.bytes).toString()]).toEqual(['a.txt', 'alpha']);
    expect(from.opened).toBe(1);
  });

  test('opens an archive inside an archive', async () => {
    browser = new ArchiveBrowser();
    const inner = zipArchive([{ path: 'deep.txt', content: 'found' }]);
    const outer = zipArchive([
      { path: 'x', content: 'x' },
      { path: 'inner.zip', content: inner },
    ]);
    const from = source(outer, [1]);
    const { page } = await browser.page(from, request);
    expect(page.items).toMatchObject([{ name: 'deep.txt', position: 0 }]);
    expect(Buffer.from((await browser.member(from, 0)).bytes).toString()).toBe('found');
  });

  test('a request that takes too long ends with its thread, and the next one succeeds', async () => {
    browser = new ArchiveBrowser({ threads: 1, timeMs: 1 });
    await expect(browser.page(source(tar), request)).rejects.toMatchObject({ code: 'timed_out' });
    await browser.close();
    browser = new ArchiveBrowser({ threads: 1 });
    expect((await browser.page(source(tar), request)).page.matched).toBe(2);
  });
});
