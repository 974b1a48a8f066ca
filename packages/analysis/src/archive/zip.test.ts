// Not in the quick check: archives with hundreds of thousands of members are read.
import fc from 'fast-check';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

import { manyMembers, zipArchive, zipLimits } from './testing/zip-samples.ts';
import type { ZipSample, ZipSampleOptions } from './testing/zip-samples.ts';
import { ZipError } from './zip-entry.ts';
import type { ZipErrorCode, ZipLimits } from './zip-entry.ts';
import { readMember, readZip } from './zip.ts';

const maxBytes = 16 * 1024 * 1024;

function contents(bytes: Buffer): [string, string][] {
  const archive = readZip(bytes, zipLimits);
  return archive.members.map((one) => [one.path, readMember(archive, one, maxBytes).toString()]);
}

function failure(action: () => unknown): ZipError {
  try {
    action();
  } catch (error) {
    if (error instanceof ZipError) return error;
    throw error;
  }
  throw new Error('expected a ZipError');
}

const two: ZipSample[] = [
  { path: 'a.txt', content: 'first' },
  { path: 'dir/b.txt', content: 'second '.repeat(100) },
];
const expected = [
  ['a.txt', 'first'],
  ['dir/b.txt', 'second '.repeat(100)],
];

describe('an archive', () => {
  const shell = Buffer.from('#!/bin/sh\nexec java -jar "$0"\n');
  const forms: [string, ZipSampleOptions][] = [
    ['that is plain', {}],
    ['after a script', { prefix: shell }],
    ['after a script that its offsets include', { prefix: shell, countsPrefix: true }],
    ['with a comment', { comment: Buffer.from('a comment') }],
    [
      'whose comment contains an end record',
      { comment: Buffer.from('x PK\x05\x06 and 22 bytes more') },
    ],
    ['with bytes after its end', { trailing: Buffer.from('appended') }],
    ['of zip64', { zip64: true }],
    ['of zip64 after a script', { zip64: true, prefix: shell }],
    ['whose end record has a wrong offset', { directoryOffset: 7 }],
    ['whose end record has a wrong size', { directorySize: 3 }],
  ];
  test.each(forms)('%s is read', (_, options) => {
    expect(contents(zipArchive(two, options))).toEqual(expected);
  });

  test('reports data around it', () => {
    const comment = Buffer.from('note');
    const bytes = zipArchive(two, { prefix: shell, comment, trailing: Buffer.alloc(9) });
    const archive = readZip(bytes, zipLimits);
    expect(archive).toMatchObject({ prefixBytes: shell.length, trailingBytes: 9, comment });
    expect(archive.notes).toEqual([]);
  });

  test('may be empty', () => {
    expect(readZip(zipArchive([]), zipLimits).members).toEqual([]);
  });

  test.each<[string, Buffer, ZipErrorCode]>([
    ['nothing', Buffer.alloc(0), 'not_zip'],
    ['text', Buffer.alloc(5_000, 'PK\x03\x04 text '), 'not_zip'],
    ['half an archive', zipArchive(two).subarray(0, 100), 'not_zip'],
    ['an end alone', zipArchive(two).subarray(-22), 'truncated'],
    ['many false ends', Buffer.alloc(66_000, 'PK\x05\x06\x00\x00\x00\x00'), 'truncated'],
  ])('is not found in %s', (_, bytes, code) => {
    expect(failure(() => readZip(bytes, zipLimits)).code).toBe(code);
  });

  test('of several volumes is refused', () => {
    const bytes = zipArchive(two);
    bytes.writeUInt16LE(2, bytes.length - 18);
    expect(failure(() => readZip(bytes, zipLimits)).code).toBe('multi_disk');
  });

  test('of 200,000 members is read in one pass', () => {
    const bytes = manyMembers(200_000);
    const archive = readZip(bytes, { ...zipLimits, entries: 200_000 });
    expect(archive.members).toHaveLength(200_000);
    expect(archive.notes).toEqual([]);
  });
});

describe('members', () => {
  test.each<[string, ZipSample]>([
    ['stored', { path: 'm', content: 'text', method: 0 }],
    ['deflated', { path: 'm', content: 'text' }],
    ['of Zstandard', { path: 'm', content: 'text', method: 93 }],
    ['with sizes after them', { path: 'm', content: 'text', sizesFollow: true }],
    ['with sizes of zip64', { path: 'm', content: 'text', zip64: true }],
  ])('%s are read', (_, sample) => {
    const bytes = zipArchive([sample]);
    expect(contents(bytes)).toEqual([['m', 'text']]);
    expect(readZip(bytes, zipLimits).notes).toEqual([]);
  });

  test('have the modes of Unix', () => {
    const bytes = zipArchive([
      { path: 'run', mode: 0o104755 },
      { path: 'link', mode: 0o120777, content: 'run' },
      { path: 'dir/', mode: 0o040700 },
      { path: 'dos' },
    ]);
    expect(readZip(bytes, zipLimits).members).toMatchObject([
      { mode: 0o4755, isSymlink: false, isDirectory: false },
      { mode: 0o777, isSymlink: true },
      { mode: 0o700, isDirectory: true },
      { mode: 0, isSymlink: false },
    ]);
  });

  test('are named in UTF-8, in code page 437, or in the field of Info-ZIP', () => {
    const raw = Buffer.from([0x81, 0x2e, 0x61]);
    const field = Buffer.from('\x75\x70\x08\x00\x01\x00\x00\x00\x00\xc5\xbf\x61', 'latin1');
    const stale = Buffer.from(field);
    field.writeUInt32LE(crc32(raw), 5);
    const members = readZip(
      zipArchive([
        { path: 'ü.a' },
        { path: raw },
        { path: raw, extra: field },
        { path: raw, extra: stale },
      ]),
      zipLimits,
    ).members;
    expect(members.map(({ path }) => path)).toEqual(['ü.a', 'ü.a', 'ſa', 'ü.a']);
    expect(members[1]?.rawName).toBe('\x81.a');
  });

  test.each<[ZipErrorCode, ZipSample]>([
    ['bad_crc', { path: 'm', content: 'text', crc32: 1 }],
    ['too_large', { path: 'm', content: Buffer.alloc(maxBytes + 1), method: 0 }],
    ['too_large', { path: 'm', content: 'text', sizeBytes: 2 ** 31, method: 0 }],
    ['ratio', { path: 'm', content: Buffer.alloc(8 * 1024 * 1024) }],
    ['bad_size', { path: 'm', content: Buffer.alloc(8 * 1024 * 1024), sizeBytes: 10 }],
    ['bad_size', { path: 'm', content: 'text', sizeBytes: 5 }],
    ['bad_size', { path: 'm', content: 'text', sizeBytes: 3, method: 0 }],
    ['bad_size', { path: 'm', content: Buffer.alloc(4_096), sizeBytes: 10, method: 93 }],
    ['bad_data', { path: 'm', raw: Buffer.from([0xff, 0xff]), sizeBytes: 4 }],
    ['bad_data', { path: 'm', raw: deflateRawSync('text').subarray(0, 4), sizeBytes: 4 }],
    ['bad_data', { path: 'm', raw: Buffer.from('no'), sizeBytes: 4, method: 93 }],
    ['encrypted', { path: 'm', content: 'text', flags: 1 }],
    ['unsupported', { path: 'm', content: 'text', method: 14 }],
    ['truncated', { path: 'm', content: 'text', offset: 1 }],
  ])('that are unavailable are %s', (code, sample) => {
    const archive = readZip(zipArchive([sample]), { ...zipLimits, ratio: 100 });
    const [member] = archive.members;
    expect(failure(() => readMember(archive, member!, maxBytes)).code).toBe(code);
  });
});

describe('malicious archives', () => {
  function notes(bytes: Buffer, limits: ZipLimits = zipLimits): string[] {
    return readZip(bytes, limits).notes.map(({ code, path }) => `${code} ${path ?? ''}`.trim());
  }

  test('with several entries for the same bytes are bombs and not unpacked', () => {
    const kernel = { path: 'a', content: Buffer.alloc(500_000) };
    const bytes = zipArchive([
      kernel,
      ...['b', 'c', 'd'].map((path) => ({ ...kernel, path, offset: 0 })),
    ]);
    const archive = readZip(bytes, zipLimits);
    expect(archive.members.map(({ overlaps }) => overlaps)).toContain(true);
    for (const member of archive.members.filter(({ isListed }) => isListed)) {
      expect(failure(() => readMember(archive, member, maxBytes)).code).toBe('overlap');
    }
  });

  test('with headers quoted inside the data of the member before are bombs', () => {
    const inner = zipArchive([{ path: 'b', content: Buffer.alloc(5_000) }]);
    const local = inner.subarray(0, inner.indexOf('PK\x01\x02', 'latin1'));
    const bytes = zipArchive([
      { path: 'a', content: local, method: 0 },
      { path: 'b', content: Buffer.alloc(5_000), offset: 31 },
    ]);
    const archive = readZip(bytes, zipLimits);
    expect(archive.noteCodes).toContain('overlap');
    expect(archive.members.slice(0, 2).map(({ overlaps }) => overlaps)).toEqual([true, true]);
  });

  test('with a member that overlaps the directory are reported', () => {
    const bytes = zipArchive([{ path: 'a', content: 'text', method: 0, raw: Buffer.from('text') }]);
    bytes.writeUInt32LE(60, bytes.indexOf('PK\x01\x02', 'latin1') + 20);
    expect(notes(bytes)).toEqual(['header_differs a', 'overlap a']);
  });

  test('with a different name in the local header are reported', () => {
    expect(notes(zipArchive([{ path: 'a', localPath: 'b' }]))).toEqual(['header_differs a']);
  });

  test('with members without an entry are reported, and the members can be read', () => {
    const bytes = zipArchive([
      { path: 'a', content: '1' },
      { path: 'hidden', content: '2', isUnlisted: true },
      { path: 'later', content: '3', isUnlisted: true, sizesFollow: true },
      { path: 'last', content: '4', isUnlisted: true, sizesFollow: true, method: 0 },
      { path: 'b', content: '5' },
    ]);
    expect(notes(bytes)).toEqual(['not_listed hidden', 'not_listed later', 'not_listed last']);
    const read = contents(bytes);
    expect(read.slice(0, 4)).toEqual([
      ['a', '1'],
      ['b', '5'],
      ['hidden', '2'],
      ['later', '3'],
    ]);
    expect(read[4]?.[1]).toMatch(/^4/);
  });

  test('with a wrong count, a missing header or a duplicate path are reported', () => {
    expect(notes(zipArchive(two, { count: 7 }))).toEqual(['count_differs']);
    expect(notes(zipArchive([{ path: 'a', offset: 5 }]))).toContain('header_missing a');
    expect(notes(zipArchive([{ path: 'a' }, { path: 'a' }]))).toEqual(['same_path a']);
  });

  test('with too many members yield those up to the limit', () => {
    const archive = readZip(zipArchive(two), { ...zipLimits, entries: 1 });
    expect(archive.members.map(({ path }) => path)).toEqual(['a.txt']);
    expect(archive.noteCodes).toContain('too_many_entries');
  });

  test('cannot cause endless warnings', () => {
    const bytes = zipArchive(Array.from({ length: 500 }, () => ({ path: 'same' })));
    expect(readZip(bytes, zipLimits).notes).toHaveLength(zipLimits.notes);
  });
});

describe('arbitrary bytes', () => {
  const sample = fc.record({
    path: fc.string({ minLength: 1, maxLength: 40 }).map((text) => text.toWellFormed()),
    content: fc.uint8Array({ maxLength: 2_000 }),
    method: fc.constantFrom(0, 8, 93),
    sizesFollow: fc.boolean(),
  });
  const samples = fc.array(sample, { maxLength: 12 });

  test('written archives are read back', () => {
    fc.assert(
      fc.property(samples, fc.uint8Array({ maxLength: 50 }), fc.boolean(), (list, head, zip64) => {
        const archive = readZip(zipArchive(list, { prefix: Buffer.from(head), zip64 }), zipLimits);
        const read = archive.members.map((one) => ({
          path: one.path,
          content: Uint8Array.from(readMember(archive, one, maxBytes)),
        }));
        expect(read).toEqual(list.map(({ path, content }) => ({ path, content })));
      }),
    );
  });

  test('are read, or fail with a ZipError', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(samples, edits, fc.nat(), (list, changes, cut) => {
        const whole = zipArchive(list);
        const bytes = whole.subarray(cut % 3 === 0 ? cut % whole.length : 0);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        readEverything(bytes);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
        readEverything(Buffer.from(junk));
      }),
    );
  });

  function readEverything(bytes: Buffer): void {
    const outcome = attempt(() => readZip(bytes, zipLimits));
    if (outcome === undefined) return;
    for (const member of outcome.members) attempt(() => readMember(outcome, member, 10_000));
  }

  function attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (error instanceof ZipError) return undefined;
      throw error;
    }
  }
});
