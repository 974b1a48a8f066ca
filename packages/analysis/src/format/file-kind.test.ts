import { fileSignatures } from '@lazaret/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fileKind, fileKindBytes, isProgram } from './file-kind.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const kindOf = (bytes: Buffer): string => fileKind(bytes.subarray(0, fileKindBytes), bytes.length);

describe('fileKind', () => {
  test('detects every signature of the table, also when more follows', () => {
    for (const [kind, magic] of fileSignatures) {
      if (kind === '') continue;
      expect(kindOf(Buffer.concat([latin1(magic), Buffer.alloc(600, 0xb7)])), magic).toBe(kind);
    }
  });

  test.each([
    ['empty', ''],
    ['text', 'hello\nworld\n'],
    ['text', 'MZ is how a note began'],
    ['text', '[section]\nkey = 1\n'],
    ['text', '{ not json'],
    ['text', 'naïve café, in latin1'],
    ['json', ' \n{\n  "name": "x" }'],
    ['json', '\xef\xbb\xbf{"a":1}'],
    ['json', '[1, 2]'],
    ['json', '[]'],
    ['json', '{}'],
    ['xml', '<?xml version="1.0"?><a/>'],
    ['xml', '\n<svg width="1"/>'],
    ['html', '<!DOCTYPE html><p>'],
    ['html', '<HTML>'],
    ['php', '\n\n<?php echo 1;'],
    ['pem', '\n-----BEGIN CERTIFICATE-----\n'],
    ['bzip2', 'BZh91AY&SY'],
    ['text', 'BZh9 is not an archive'],
    ['bmp', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'],
    ['text', 'BMP files are pictures'],
    ['class', '\xca\xfe\xba\xbe\0\0\x004\0'],
    ['mach-o', '\xca\xfe\xba\xbe\0\0\0\x02\0'],
    ['pyc', '\xcb\r\r\n\0\0\0\0'],
    ['pyc', '\x2b\x0e\r\n\0\0\0\0'],
    ['zstd', '\x5e\x2a\x4d\x18\0\0'],
    ['video', '\0\0\0\x20ftypisom'],
    ['data', '\x01\x02\x03'],
    ['data', '\0'],
  ])('says %s', (kind, text) => {
    expect(kindOf(latin1(text))).toBe(kind);
  });

  test('distinguishes Windows programs from DOS programs', () => {
    const program = Buffer.alloc(400);
    program.write('MZ');
    program.writeUInt32LE(128, 60);
    expect(kindOf(program)).toBe('dos');
    program.write('PE\0\0', 128, 'latin1');
    expect(kindOf(program)).toBe('pe');
    program.writeUInt32LE(0xffff_fff0, 60);
    expect(kindOf(program)).toBe('dos');
    expect(kindOf(latin1('MZ\x90\0'))).toBe('dos');
    const far = Buffer.alloc(4_000);
    far.write('MZ');
    far.writeUInt32LE(2_000, 60);
    expect(kindOf(far)).toBe('pe');
  });

  test('detects tar archives with and without magic bytes', () => {
    const block = Buffer.alloc(1_024);
    block.write('some/name.txt');
    block.write('0000644\0', 100);
    block.fill(0x20, 148, 156);
    expect(kindOf(block)).toBe('data');
    const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(kindOf(block)).toBe('tar');
    block.fill(0, 148, 156);
    block.write('ustar\0', 257);
    expect(kindOf(block)).toBe('tar');
  });

  test('returns a kind for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(kindOf(Buffer.from(bytes))).toMatch(/^[a-z0-9-]+$/);
      }),
    );
  });
});

test('programs are executables, scripts, and executable texts', () => {
  expect(isProgram('elf', 0o644)).toBe(true);
  expect(isProgram('script', 0o644)).toBe(true);
  expect(isProgram('text', 0o644)).toBe(false);
  expect(isProgram('text', 0o755)).toBe(true);
  expect(isProgram('png', 0o755)).toBe(false);
});
