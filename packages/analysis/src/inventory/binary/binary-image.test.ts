import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { findSection, offsetOfAddress, parseBinary } from './binary-image.ts';
import { sectionBytes } from './binary-section.ts';
import { elfFile, loadAddress, machOFile, peFile, peStart } from './testing/binary-samples.ts';

const sections = [
  { name: '.first', bytes: Buffer.from('first bytes') },
  { name: '.second', bytes: Buffer.from('second bytes, more of them') },
];

describe('sections', () => {
  const files: [string, Buffer][] = [
    ['ELF, 64 bit', elfFile(sections)],
    ['ELF, 32 bit', elfFile(sections, { is64: false })],
    ['ELF, 64 bit, big endian', elfFile(sections, { isBigEndian: true })],
    ['ELF, 32 bit, big endian', elfFile(sections, { is64: false, isBigEndian: true })],
    ['PE', peFile(sections)],
    ['Mach-O', machOFile(sections)],
    ['Mach-O, big endian', machOFile(sections, true)],
  ];
  test.each(files)('of %s are found by their names', (_, bytes) => {
    const image = parseBinary(bytes)!;
    for (const { name, bytes: content } of sections) {
      expect(sectionBytes(bytes, findSection(image, name)!)).toEqual(content);
    }
    expect(findSection(image, '.third')).toBeUndefined();
  });

  test('that are loaded are found by their addresses', () => {
    const elf = elfFile(sections);
    expect(offsetOfAddress(parseBinary(elf)!, loadAddress + 7)).toBe(7);
    expect(offsetOfAddress(parseBinary(elf)!, loadAddress + elf.length * 2)).toBeUndefined();
    expect(offsetOfAddress(parseBinary(peFile(sections))!, peStart + 3)).toBe(peStart + 3);
  });

  test('that were stripped are absent, and the segments remain', () => {
    const image = parseBinary(elfFile(sections, { isStripped: true }))!;
    expect([image.sections.length, image.segments.length]).toEqual([0, 1]);
  });

  test('whose number exceeds 16 bits is read from the first one', () => {
    const bytes = elfFile(sections);
    const table = Number(bytes.readBigUInt64LE(40));
    bytes.writeBigUInt64LE(BigInt(bytes.readUInt16LE(60)), table + 32);
    bytes.writeUInt16LE(0, 60);
    expect(parseBinary(bytes)?.sections.map(({ name }) => name)).toContain('.second');
  });
});

test('other files are not executables', () => {
  expect(parseBinary(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  expect(parseBinary(Buffer.alloc(100, 'MZ'))).toBeUndefined();
});

test('for any bytes, all ranges are inside the file', () => {
  const samples = fc.constantFrom(elfFile(sections), peFile(sections), machOFile(sections));
  const edits = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 30 });
  fc.assert(
    fc.property(samples, edits, fc.nat(), (sample, changes, cut) => {
      const bytes = Buffer.from(
        sample.subarray(0, cut % 4 === 0 ? cut % sample.length : undefined),
      );
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const image = parseBinary(bytes);
      for (const { offset, sizeBytes } of [
        ...(image?.sections ?? []),
        ...(image?.segments ?? []),
      ]) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + sizeBytes).toBeLessThanOrEqual(bytes.length);
      }
    }),
    { numRuns: 300 },
  );
});
