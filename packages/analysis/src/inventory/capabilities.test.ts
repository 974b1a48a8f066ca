/** Compares the capabilities of ecosystems with the files that their readers accept. */
import { posix } from 'node:path';

import { describe, expect, test } from 'vitest';

import { selectReaders } from '../inspection/walk/reader-table.ts';
import type { FileEntry } from '../tree/file-tree.ts';
import type { DescribedReader, ReadFile, UnreadFile } from './ecosystem.ts';
import { allReaders, ecosystems } from './ecosystems.ts';
import type { Reader } from './reader.ts';

const described = ecosystems.flatMap(({ readers }) => readers);

test('ids of readers and names of ecosystems are unique', () => {
  const ids = allReaders.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const names = ecosystems.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(described.map((one) => [one.reader.id, one] as const))('%s', (_id, one) => {
  test('reads the files that it lists, and no others', () => {
    expect(one.files.length).toBeGreaterThan(0);
    expect(wrongFiles(one)).toEqual([]);
  });

  test('lists every file that it selects', () => {
    expect(unlisted(one)).toEqual([]);
  });

  test('does not read the files that it excludes', () => {
    expect((one.except ?? []).flatMap((each) => wrongUnread(each, [one.reader]))).toEqual([]);
  });
});

test.each(ecosystems.map((one) => [one.name, one] as const))(
  'files that %s does not support are read by no reader',
  (_name, { unread }) => {
    expect(unread.flatMap((each) => wrongUnread(each, allReaders))).toEqual([]);
  },
);

describe('a false description is detected:', () => {
  const reader: Reader = {
    id: 'sample',
    version: 1,
    wants: { names: ['a.lock', 'b.lock'], endings: ['.bin'], magic: ['MZ'] },
    accepts: ({ path }) => !path.includes('/vendor/'),
    maxBytes: 1,
    read: () => undefined,
  };
  const sound: DescribedReader = {
    reader,
    summary: 'samples',
    files: [
      { pattern: '**/{a,b}.lock', example: 'srv/a.lock' },
      { pattern: '**/b.lock', example: 'srv/b.lock' },
      { pattern: '**/*.bin', example: 'srv/x.bin' },
      { pattern: '**/*', example: 'srv/x', content: { format: 'PE', magic: ['MZ'] } },
    ],
    yields: {},
  };
  const withFile = (file: ReadFile): DescribedReader => ({ ...sound, files: [file] });

  test('none in a true one', () => {
    expect([...wrongFiles(sound), ...unlisted(sound)]).toEqual([]);
  });

  test('an example that is not accepted', () => {
    const file = { pattern: '**/vendor/a.lock', example: 'srv/vendor/a.lock' };
    expect(wrongFiles(withFile(file))).toContain('srv/vendor/a.lock is not accepted');
  });

  test('an example that does not match its pattern', () => {
    expect(wrongFiles(withFile({ pattern: '**/a.lock', example: 'srv/b.lock' }))).toEqual([
      'srv/b.lock does not match **/a.lock',
    ]);
  });

  test('a pattern that promises more than is accepted', () => {
    expect(wrongFiles(withFile({ pattern: '**/*.lock', example: 'srv/a.lock' }))).toEqual([
      'sample-1.0.lock matches **/*.lock and is not accepted',
      'srv/some/sample-1.0.lock matches **/*.lock and is not accepted',
    ]);
  });

  test('content that the reader does not select', () => {
    const content = { format: 'ELF', magic: ['\x7fELF'] };
    expect(wrongFiles(withFile({ pattern: '**/*', example: 'srv/x', content }))).toContain(
      'srv/x is not accepted',
    );
  });

  test('selections of the reader that no file shows', () => {
    expect(unlisted(withFile({ pattern: '**/a.lock', example: 'srv/a.lock' }))).toEqual([
      'name b.lock',
      'ending .bin',
      'magic "MZ"',
    ]);
  });

  test('an excluded file that is read', () => {
    const file = { pattern: '**/*.lock', example: 'srv/a.lock', reason: 'a sample' };
    expect(wrongUnread(file, [reader])).toEqual(['srv/a.lock is read by sample']);
    expect(wrongUnread({ ...file, example: 'srv/a.txt' }, [reader])).toEqual([
      'srv/a.txt does not match **/*.lock',
    ]);
  });
});

/** Examples and paths of the pattern that the reader does not accept. */
function wrongFiles({ reader, files }: Pick<DescribedReader, 'reader' | 'files'>): string[] {
  return files.flatMap(({ pattern, example, content }) => {
    const heads = content?.magic ?? [''];
    const isRead = (path: string): boolean => heads.every((head) => reads([reader], path, head));
    return [
      ...(posix.matchesGlob(example, pattern) ? [] : [`${example} does not match ${pattern}`]),
      ...(isRead(example) ? [] : [`${example} is not accepted`]),
      ...pathsOf(pattern)
        .filter((path) => !isRead(path))
        .map((path) => `${path} matches ${pattern} and is not accepted`),
    ];
  });
}

/** Names, endings, folders and first bytes that the reader selects and that no file shows. */
function unlisted({ reader: { wants }, files }: DescribedReader): string[] {
  const paths = files.map(({ example }) => example);
  const magics = new Set(files.flatMap(({ content }) => content?.magic ?? []));
  const missing = (what: string, all: readonly string[] = [], has: (one: string) => boolean) =>
    all.filter((one) => !has(one)).map((one) => `${what} ${one}`);
  return [
    ...missing('name', wants.names, (one) => paths.some((path) => posix.basename(path) === one)),
    ...missing('ending', wants.endings, (one) => paths.some((path) => path.endsWith(one))),
    ...missing('parent', wants.parents, (one) =>
      paths.some((path) => posix.basename(posix.dirname(path)) === one),
    ),
    ...missing('magic', wants.magic, (one) => magics.has(one)).map((text) =>
      text.replace(/^magic (.*)$/s, (_, bytes: string) => `magic ${JSON.stringify(bytes)}`),
    ),
  ];
}

function wrongUnread({ pattern, example }: UnreadFile, readers: readonly Reader[]): string[] {
  const by = readers.filter((reader) => reads([reader], example, ''));
  return [
    ...(posix.matchesGlob(example, pattern) ? [] : [`${example} does not match ${pattern}`]),
    ...by.map(({ id }) => `${example} is read by ${id}`),
  ];
}

function reads(readers: readonly Reader[], path: string, head: string): boolean {
  const file: FileEntry = {
    ...{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtimeMs: 0, sizeBytes: 100 },
  };
  return selectReaders(readers)(file, Buffer.from(head, 'latin1')).length > 0;
}

/** Paths that the pattern promises: at the root and deeper, each alternative, any name. */
function pathsOf(pattern: string): string[] {
  const [, before, words, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (before !== undefined && words !== undefined && after !== undefined) {
    return words.split(',').flatMap((word) => pathsOf(`${before}${word}${after}`));
  }
  return ['', 'srv/some/'].map((folders) =>
    pattern.replaceAll('**/', folders).replaceAll('*', 'sample-1.0'),
  );
}
