import type { FileRow } from '@lazaret/protocol';
import { describe, expect, test } from 'vitest';

import { mergeLayers } from './merge-layers.ts';
import type { MergedTree } from './merge-layers.ts';

type Short = string | [path: string, type: FileRow['type'], linkPath?: string];

function row(short: Short): FileRow {
  const [path, type, linkPath] =
    typeof short === 'string'
      ? [short.replace(/\/$/, ''), short.endsWith('/') ? ('directory' as const) : ('file' as const)]
      : short;
  const facts = { mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, mtimeMs: 0 };
  return { path, type, ...facts, ...(linkPath !== undefined && { linkPath }) };
}

function merged(...layers: Short[][]): MergedTree {
  return mergeLayers(layers.map((layer) => layer.map(row)));
}

function paths(tree: MergedTree): string[] {
  return [...tree.files()].map(({ path }) => path);
}

describe('whiteouts', () => {
  test('hide lower entries only, with everything below', () => {
    const tree = merged(['a/', 'a/b/', 'a/b/c', 'a/d'], ['a/.wh.b']);
    expect(paths(tree)).toEqual(['a', 'a/d']);
    expect(tree.hiddenBy(0, 2)).toBe(1);
    expect(tree.hiddenBy(0, 3)).toBeUndefined();
  });

  test('do not hide entries of their own layer, whatever the order', () => {
    expect(paths(merged(['x'], ['x', '.wh.x']))).toEqual(['x']);
    expect(paths(merged(['d/', 'd/a'], ['d/b', 'd/.wh..wh..opq', 'd/c']))).toEqual([
      'd',
      'd/b',
      'd/c',
    ]);
  });

  test('make a whole image opaque at its root', () => {
    expect(paths(merged(['a', 'b/', 'b/c'], ['.wh..wh..opq', 'z']))).toEqual(['z']);
  });

  test('without a name hide nothing', () => {
    const tree = merged(['etc/', 'etc/passwd'], ['etc/.wh.']);
    expect(paths(tree)).toEqual(['etc', 'etc/.wh.', 'etc/passwd']);
  });

  test('that name the directory itself or its parent hide nothing', () => {
    expect(paths(merged(['a/', 'a/b'], ['a/.wh..', 'a/.wh...']))).toEqual([
      'a',
      'a/.wh..',
      'a/.wh...',
      'a/b',
    ]);
  });

  test('of aufs are not files and hide nothing', () => {
    expect(paths(merged(['a'], ['.wh..wh.plnk/', '.wh..wh.plnk/1.2', '.wh..wh.aufs']))).toEqual([
      'a',
    ]);
  });

  test('are not detected in names that contain the letters', () => {
    expect(paths(merged(['usr/bin/which', 'a.wh.b']))).toEqual(['a.wh.b', 'usr/bin/which']);
  });

  test('of a missing name change nothing; add, delete, add keeps the last', () => {
    expect(paths(merged(['a'], ['.wh.zz']))).toEqual(['a']);
    const tree = merged(['a'], ['.wh.a'], ['a']);
    expect(paths(tree)).toEqual(['a']);
    expect([tree.hiddenBy(0, 0), tree.hiddenBy(2, 0)]).toEqual([1, undefined]);
  });

  test('reach through a symbolic link above them', () => {
    expect(
      paths(
        merged(['usr/', 'usr/lib/', 'usr/lib/x', ['lib', 'symlink', 'usr/lib']], ['lib/.wh.x']),
      ),
    ).toEqual(['lib', 'usr', 'usr/lib']);
  });
});

describe('replacing', () => {
  test('a directory by a file hides everything below it', () => {
    const tree = merged(['d/', 'd/a', 'd/b/', 'd/b/c'], ['d']);
    expect(paths(tree)).toEqual(['d']);
    expect([0, 1, 2, 3].map((at) => tree.hiddenBy(0, at))).toEqual([1, 1, 1, 1]);
  });

  test('within one layer the last entry in the archive wins, not the last in the listing', () => {
    const tree = merged(['a', 'a']);
    expect([...tree.files()]).toEqual([
      { path: 'a', layer: 0, row: 1, content: { layer: 0, row: 1 } },
    ]);
    expect(tree.hiddenBy(0, 0)).toBe(0);
  });

  test('a directory entry keeps what lower layers have in it', () => {
    expect(paths(merged(['d/', 'd/a'], ['d/']))).toEqual(['d', 'd/a']);
  });

  test('a symbolic link to a directory by a directory does not follow it', () => {
    const tree = merged(['t/', 't/a', ['l', 'symlink', 't']], ['l/', 'l/b']);
    expect(paths(tree)).toEqual(['l', 'l/b', 't', 't/a']);
  });
});

describe('links', () => {
  test('above an entry are followed inside the root', () => {
    const tree = merged([['lib', 'symlink', '/usr/lib']], ['lib/x']);
    expect(paths(tree)).toEqual(['lib', 'usr/lib/x']);
    expect(tree.find('lib/x')?.path).toBe('usr/lib/x');
  });

  test('above the root end at the root', () => {
    const tree = merged(['etc/', 'etc/passwd', ['a', 'symlink', '../../../../etc']], ['a/shadow']);
    expect(tree.find('a/passwd')?.path).toBe('etc/passwd');
    expect(paths(tree)).toContain('etc/shadow');
  });

  test.each([2, 40])('in a cycle of %i terminate without a target', (size) => {
    const circle = Array.from({ length: size }, (_, at): Short => [
      `l${at}`,
      'symlink',
      `l${(at + 1) % size}`,
    ]);
    const tree = merged(circle, ['l0/x']);
    expect(tree.find('l0')).toBeUndefined();
    expect(tree.gaps).toHaveLength(1);
    expect(tree.hiddenBy(1, 0)).toBe(1);
  });

  test('that grow the path at each hop are limited', () => {
    const tree = merged([['a', 'symlink', 'a/a/a/a/a/a']]);
    expect(tree.find('a/b')).toBeUndefined();
  });

  test('hard, to a lower layer, keep the content of their target', () => {
    const tree = merged(['bin/tool'], [['bin/link', 'hardlink', 'bin/tool']], ['bin/.wh.tool']);
    expect(paths(tree)).toEqual(['bin/link']);
    expect([...tree.files()][0]?.content).toEqual({ layer: 0, row: 0 });
  });

  test('hard, to a missing or a later entry, are reported', () => {
    const tree = merged([['a', 'hardlink', 'b'], 'b', ['c', 'hardlink', '.wh.x']]);
    expect(paths(tree)).toEqual(['b']);
    expect(tree.gaps.map(({ row: at }) => at)).toEqual([0, 2]);
  });

  test('hard, to themselves keep the existing entry', () => {
    expect(paths(merged(['a'], [['a', 'hardlink', 'a']]))).toEqual(['a']);
  });
});

test('an entry below a file cannot be applied and is reported', () => {
  const tree = merged(['f'], ['f/x']);
  expect(paths(tree)).toEqual(['f']);
  expect(tree.gaps).toEqual([{ layer: 1, row: 0, detail: 'f/x: a parent is not a directory' }]);
});

test('a tree with 100,000 nested directories is merged', () => {
  const deep = `${'d/'.repeat(2_000)}f`;
  expect(merged([deep]).find(deep)?.path).toBe(deep);
});
