import { expect, it } from 'vitest';

import { childTowards, isOnTheWay, parentKey, parentsOf } from './tree-paths.ts';

it('asks for the content of an archive with a mark', () => {
  expect(parentKey({ path: 'usr/lib', type: 'directory' })).toBe('usr/lib');
  expect(parentKey({ path: 'app.jar', type: 'file' })).toBe('app.jar!');
});

it('tells what has to be open', () => {
  expect(parentsOf('etc')).toEqual(['']);
  expect(parentsOf('a/b.zip!/c/d')).toEqual(['', 'a', 'a/b.zip!', 'a/b.zip!/c']);
});

it('finds the step from a directory towards a path', () => {
  expect(childTowards('', 'a/b/c')).toBe('a');
  expect(childTowards('a', 'a/b/c')).toBe('a/b');
  expect(childTowards('a/b', 'a/b/c')).toBe('a/b/c');
  expect(childTowards('a/b', 'a/bc/d')).toBeUndefined();
});

it('knows an archive on the way into it', () => {
  expect(isOnTheWay({ path: 'a/b.zip', type: 'file' }, 'a/b.zip!')).toBe(true);
  expect(isOnTheWay({ path: 'a/b.zip', type: 'file' }, 'a/b.zip')).toBe(true);
  expect(isOnTheWay({ path: 'a/c', type: 'directory' }, 'a/b')).toBe(false);
});

it('takes a directory whose name looks like the mark for what it is', () => {
  expect(parentKey({ path: 'odd!', type: 'directory' })).toBe('odd!');
  expect(isOnTheWay({ path: 'odd!', type: 'directory' }, 'odd!')).toBe(true);
});
