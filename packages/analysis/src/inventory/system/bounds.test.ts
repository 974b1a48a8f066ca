// Not in the quick check: files of more lines than any reader accepts are read.
import { limits } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { analysisLimits } from '../../limits.ts';
import { inventoryLimits } from '../limits.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from './owned-files.ts';
import { countPackages } from './package-count.ts';
import { distinctNames, plainWord } from '../parsing/package-text.ts';
import { linesOf } from '../parsing/text-lines.ts';

function warnings(): { reported: string[]; warnings: ReturnType<typeof createParseWarnings> } {
  const reported: string[] = [];
  const emit = (fact: object): void => {
    if ('reason' in fact) reported.push(String(fact.reason));
  };
  return { reported, warnings: createParseWarnings({ reader: 'test', path: 'a', emit }) };
}

test('a file with too many lines ends its reader', () => {
  const bytes = Buffer.alloc(inventoryLimits.readerLines + 1, '\n');
  let lines = 0;
  expect(() => {
    for (const _ of linesOf(bytes)) lines += 1;
  }).toThrow(`more than ${inventoryLimits.readerLines} lines`);
  expect(lines).toBe(inventoryLimits.readerLines);
});

test('a database with too many packages ends its reader', () => {
  const count = countPackages();
  for (let left = inventoryLimits.packagesPerDatabase; left > 0; left -= 1) count();
  expect(count).toThrow(`more than ${inventoryLimits.packagesPerDatabase} packages`);
});

test('a million parse errors are reported up to a limit', () => {
  const { reported, warnings: sink } = warnings();
  for (let left = 1_000; left > 0; left -= 1) sink.add('damaged', 'a line');
  expect(reported).toEqual([
    ...Array<string>(analysisLimits.warningsPerFile).fill('damaged'),
    'too_many',
  ]);
});

test('paths are kept up to a number, a length and a sum of lengths, and the rest is reported', () => {
  const { reported, warnings: sink } = warnings();
  const owned = createOwnedFiles(sink);
  owned.add(`/${'x'.repeat(limits.pathBytes)}`);
  expect(reported).toEqual(['too_large']);
  owned.add('/../../etc/passwd');
  expect(reported).toEqual(['too_large', 'damaged']);
  const long = `/${'x'.repeat(limits.pathBytes - 1)}`;
  const most = Math.ceil(inventoryLimits.ownedPathChars / limits.pathBytes);
  for (let left = most + 5; left > 0; left -= 1) owned.add(long);
  expect(reported).toEqual(['too_large', 'damaged', 'too_many']);
  expect(owned.take().length).toBeLessThanOrEqual(most);
  expect(owned.take()).toEqual([]);
});

test('names are words of limited length and number', () => {
  const { reported, warnings: sink } = warnings();
  expect(plainWord('a-1~b+c:2', 'the name', sink)).toBe('a-1~b+c:2');
  for (const bad of [undefined, '', 'a b', 'a\0', 'a\u009bm', 'x'.repeat(2_000)]) {
    expect(plainWord(bad, 'the name', sink)).toBeUndefined();
  }
  expect(reported).toHaveLength(6);
  const many = Array.from({ length: inventoryLimits.packageDependencies + 9 }, (_, at) => `n${at}`);
  expect(distinctNames([...many, ...many], sink)).toHaveLength(inventoryLimits.packageDependencies);
  expect(reported).toHaveLength(7);
});
