import { expect, it } from 'vitest';

import { childTowards, leadsTo, parentKey, parentsOf } from './tree-paths.ts';

it('addresses the contents of an archive with a marker', () => {
  expect(parentKey({ path: 'usr/lib', type: 'directory' })).toBe('usr/lib');
  expect(parentKey({ path: 'app.jar', type: 'file' })).toBe('app.jar!');
});

it('lists the levels to open', () => {
  expect(parentsOf('etc')).toEqual(['']);
  expect(parentsOf('a/b.zip!/c/d')).toEqual(['', 'a', 'a/b.zip!', 'a/b.zip!/c']);
});

it('finds the child on the way to a path', () => {
  expect(childTowards('', 'a/b/c')).toBe('a');
  expect(childTowards('a', 'a/b/c')).toBe('a/b');
  expect(childTowards('a/b', 'a/b/c')).toBe('a/b/c');
  expect(childTowards('a/b', 'a/bc/d')).toBeUndefined();
});

it('recognises an archive that contains the path', () => {
  expect(leadsTo({ path: 'a/b.zip', type: 'file' }, 'a/b.zip!')).toBe(true);
  expect(leadsTo({ path: 'a/b.zip', type: 'file' }, 'a/b.zip')).toBe(true);
  expect(leadsTo({ path: 'a/c', type: 'directory' }, 'a/b')).toBe(false);
});

it('treats a directory whose name ends with the marker as a directory', () => {
  expect(parentKey({ path: 'odd!', type: 'directory' })).toBe('odd!');
  expect(leadsTo({ path: 'odd!', type: 'directory' }, 'odd!')).toBe(true);
});
