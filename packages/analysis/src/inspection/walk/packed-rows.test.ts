import type { FileRow } from '@lazaret/protocol';
import { fileType } from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { RowStore, packRows, packedData, packedRows } from './packed-rows.ts';

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((each) => Buffer.from(each).toString('hex'));
const optional = {
  rawPath: fc.string(),
  linkPath: fc.string({ unit: 'grapheme' }),
  device: fc.record({ major: fc.nat(), minor: fc.nat() }),
  capabilities: hex(20),
  sha256: hex(32),
  sha1: hex(20),
  md5: hex(16),
  kind: fc.constantFrom('elf', 'text', 'data'),
  similarity: fc.record({ tlsh: fc.string() }),
};
const row: fc.Arbitrary<FileRow> = fc.record(
  {
    path: fc.string({ unit: 'grapheme', maxLength: 300 }).map((each) => each.toWellFormed()),
    type: fc.constantFrom(...fileType.options),
    mode: fc.nat(0o7777),
    uid: fc.maxSafeNat(),
    gid: fc.maxSafeInteger(),
    sizeBytes: fc.maxSafeNat(),
    mtimeMs: fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
    ...optional,
  },
  { requiredKeys: ['path', 'type', 'mode', 'uid', 'gid', 'sizeBytes', 'mtimeMs'] },
);

test('packed rows equal the original rows', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const packed = packRows(rows, 0);
      expect(packedData(packed)).toBeDefined();
      expect([...packed]).toEqual(rows);
      expect(packed.map(({ path }) => path)).toEqual(rows.map(({ path }) => path));
      expect(packed[rows.length]).toBeUndefined();
      expect(JSON.stringify(packed)).toBe(JSON.stringify([...packed]));
    }),
    { numRuns: 50 },
  );
});

test('rows of many blocks are readable while more are added, and in another thread', () => {
  const store = new RowStore(10);
  const one = (at: number): FileRow => ({
    ...{ path: `f${at}`, type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: at, mtimeMs: 0 },
  });
  for (let at = 0; at < 10_000; at += 1) store.push(one(at));
  expect([store.at(3)?.path, store.at(9_999)?.path, store.length]).toEqual(['f3', 'f9999', 10_000]);
  const data = packedData(store.rows());
  if (data === undefined) throw new Error('so many rows are packed');
  const rows = packedRows(structuredClone(data));
  expect(rows.length).toBe(10_000);
  expect(rows[8_191]).toEqual(one(8_191));
  expect([...rows.entries()].at(-1)).toEqual([9_999, one(9_999)]);
});
