/** Archives appended to self-extracting programs. */
import { crc32 } from 'node:zlib';

import { expect, test } from 'vitest';

import { NestedBudget } from './nested-budget.ts';
import { openNested } from './nested.ts';
import { openAll, sevenZip } from './testing/nested-samples.ts';

const rar5Main = Buffer.from([0x03, 0x01, 0x00, 0x00]);
const rar4Main = Buffer.from([0x73, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0]);
const program = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`\x7fELF${'code'.repeat(100)}`, 'latin1'), bytes]);

test.each([
  ['7z', sevenZip],
  ['rar', rarOf(Buffer.from([0x01, 0x00]), 4)],
  ['rar', rarOf(Buffer.from([0x00]), 2)],
  ['cab', cabinet()],
])('a program with an appended %s', async (format, bytes) => {
  const opened = await openAll(program(bytes));
  expect(opened.gaps).toEqual(['file: unsupported']);
  const [gap] = await gapsOf(program(bytes));
  expect(gap).toContain(`${format} archives`);
  const damaged = Buffer.from(bytes);
  damaged[8] = (damaged[8] ?? 0) ^ 0xff;
  expect((await openAll(program(damaged))).gaps).toEqual([]);
});

test.each([
  ['64 bits', 2, 1],
  ['32 bits of the other byte order', 1, 2],
])('only data appended to an ELF program of %s', async (_, bits, order) => {
  const header = Buffer.alloc(64 + sevenZip.length + 64);
  header.write('\x7fELF', 'latin1');
  header[4] = bits;
  header[5] = order;
  sevenZip.copy(header, 64);
  const at = 64 + sevenZip.length;
  if (bits === 2) header.writeUInt32LE(at, 40);
  else header.writeUInt32BE(at, 32);
  const [sizes, counts] = bits === 2 ? [58, 60] : [46, 48];
  if (order === 1) header.writeUInt16LE(64, sizes);
  else header.writeUInt16BE(64, sizes);
  if (order === 1) header.writeUInt16LE(1, counts);
  else header.writeUInt16BE(1, counts);
  expect((await openAll(header)).gaps).toEqual([]);
  const packed = Buffer.concat([header, sevenZip]);
  expect((await openAll(packed)).gaps).toEqual(['file: unsupported']);
});

test('a program that only contains their magic bytes has none', async () => {
  const known = '7z\xbc\xaf\x27\x1c\0\x04 Rar!\x1a\x07\x01\0 Rar!\x1a\x07\0 MSCF\0\0\0\0';
  const text = Buffer.from(`${known}${'\0'.repeat(100)}`.repeat(100), 'latin1');
  expect((await openAll(program(text))).gaps).toEqual([]);
  expect((await openAll(Buffer.concat([text, sevenZip]))).gaps).toEqual(['file: unsupported']);
});

/** A beginning of RAR 4 or 5: the mark, and a main header with its sum. */
function rarOf(version: Buffer, sumBytes: 2 | 4): Buffer {
  const header = sumBytes === 4 ? rar5Main : rar4Main;
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(header));
  const mark = Buffer.from('Rar!\x1a\x07', 'latin1');
  return Buffer.concat([mark, version, sum.subarray(0, sumBytes), header, Buffer.alloc(20)]);
}

function cabinet(): Buffer {
  const bytes = Buffer.alloc(100);
  bytes.write('MSCF');
  bytes.writeUInt32LE(100, 8);
  bytes.writeUInt32LE(44, 16);
  bytes.writeUInt16LE(0x0103, 24);
  return bytes;
}

async function gapsOf(bytes: Buffer): Promise<string[]> {
  const gaps: string[] = [];
  for await (const step of openNested({ path: 'x', bytes }, new NestedBudget({ now: () => 0 }))) {
    if (step.type === 'gap') gaps.push(step.detail);
  }
  return gaps;
}
