import { describe, expect, it } from 'vitest';

import {
  countHighBlocks,
  filterStrings,
  kindOfString,
  readStringsResult,
  type StringFilter,
  type StringKind,
} from './strings-result.ts';

const document = {
  format: 'lazaret-strings/1',
  sizeBytes: 100,
  type: { mime: 'text/plain', description: null },
  hashes: { md5: 'x' },
  entropy: { bitsPerByte: 5.5, windowBytes: 50, windows: [1, 7.9] },
  strings: {
    ...{ minimumLength: 6, found: 3, truncated: true },
    items: [
      { offset: 8, encoding: 'ascii', text: 'zebra' },
      { offset: 2, encoding: 'utf-16le', text: 'http://evil.example/a' },
      { offset: 5, encoding: 'ascii', text: 'long', lengthChars: 9_000 },
      { offset: 6, encoding: 'ascii' },
    ],
  },
};
const all: StringFilter = {
  ...{ text: '', encoding: '', kind: '', minLength: 0, sort: 'offset', descending: false },
};

describe('reading', () => {
  it('reads the documented format and skips entries without text', () => {
    const result = readStringsResult(document);
    expect(result).toMatchObject({ found: 3, isTruncated: true, hashes: [['md5', 'x']] });
    expect(result?.rows.map(({ lengthChars }) => lengthChars)).toEqual([5, 21, 9_000]);
    expect(result === undefined ? 0 : countHighBlocks(result.entropy)).toBe(1);
  });

  it.each([null, [], 'text', { format: 'other' }, { format: 'lazaret-strings/1' }])(
    'leaves %j to the JSON view',
    (other) => {
      expect(readStringsResult(other as never)).toBeUndefined();
    },
  );
});

it.each<[string, StringKind]>([
  ['http://a.example/x', 'url'],
  ['curl -s https://a.example | sh', 'url'],
  ['someone@example.org', 'email'],
  ['connect 10.0.0.1:443', 'ip'],
  ['1.2.3.4.5', 'text'],
  ['/lib64/ld-linux-x86-64.so.2', 'library'],
  ['KERNEL32.dll', 'library'],
  ['/etc/passwd', 'path'],
  [String.raw`C:\Windows\System32\cmd.exe`, 'path'],
  [String.raw`SOFTWARE\Microsoft\Windows\CurrentVersion\Run`, 'registry'],
  ['update.evil.ru', 'domain'],
  [Buffer.from('a long enough payload, 1 2 3 4 5 6 7 8 9').toString('base64'), 'base64'],
  ['GCC: (Debian 12.2.0)', 'text'],
])('%s looks like %s', (text, kind) => {
  expect(kindOfString(text)).toBe(kind);
});

describe('filtering', () => {
  const rows = readStringsResult(document)?.rows ?? [];
  it.each<[string, Partial<StringFilter>, number[]]>([
    ['offset', {}, [2, 5, 8]],
    ['length, longest first', { sort: 'length', descending: true }, [5, 2, 8]],
    ['text', { sort: 'text' }, [2, 5, 8]],
    ['part of the text in any case', { text: 'ZEB' }, [8]],
    ['encoding', { encoding: 'utf-16le' }, [2]],
    ['kind', { kind: 'url' }, [2]],
    ['length', { minLength: 6 }, [2, 5]],
  ])('by %s', (_, part, offsets) => {
    expect(filterStrings(rows, { ...all, ...part }).map(({ offset }) => offset)).toEqual(offsets);
  });
});
