/**
 * Archives appended to self-extracting programs. The magic bytes also occur in programs that read
 * such archives, so the checksum or the sizes of the header after them must be valid too.
 */
import { crc32 } from 'node:zlib';

import { magicOf } from '../format/magic.ts';

export type AppendedFormat = '7z' | 'rar' | 'cab';

/** The archive appended to a program or script; undefined for anything else. */
export function findAppended(bytes: Buffer): AppendedFormat | undefined {
  const start = appendedStart(bytes);
  if (start === undefined || start >= bytes.length) return undefined;
  const rest = bytes.subarray(start);
  return signatures.find(([, magic, isValid]) => hasValidHeader(rest, magic, isValid))?.[0];
}

/**
 * Most programs of an image are ELF files with nothing after their section headers, which need no
 * search.
 */
function appendedStart(bytes: Buffer): number | undefined {
  if (bytes.subarray(0, 4).equals(elfMagic)) return elfEnd(bytes);
  const isOther =
    (bytes[0] === 0x4d && bytes[1] === 0x5a) || (bytes[0] === 0x23 && bytes[1] === 0x21);
  return isOther ? 0 : undefined;
}

/** The end of the section headers, which come last; 0 when there are none. */
function elfEnd(bytes: Buffer): number {
  if (bytes.length < 64) return 0;
  const is64 = bytes[4] === 2;
  const isLittle = bytes[5] === 1;
  const short = (at: number): number =>
    isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const long = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const half = isLittle ? 4 : 0;
  const isHuge = is64 && long(40 + half) !== 0;
  const headersAt = is64 ? long(40 + 4 - half) : long(32);
  const headersBytes = short(is64 ? 58 : 46) * short(is64 ? 60 : 48);
  const end = headersAt + headersBytes;
  return isHuge || headersBytes === 0 || end > bytes.length ? 0 : end;
}

type Check = (bytes: Buffer, at: number) => boolean;

const elfMagic = Buffer.from('\x7fELF', 'latin1');
const checks: readonly (readonly [AppendedFormat, Check])[] = [
  ['7z', isSevenZip],
  ['rar', isRar],
  ['cab', isCabinet],
];
const signatures: readonly (readonly [AppendedFormat, Buffer, Check])[] = checks.flatMap(
  ([format, check]) => magicOf(format).map((magic) => [format, magic, check] as const),
);
/** Maximum number of occurrences to check: programs with more are not self-extracting archives. */
const maxOccurrences = 64;

function hasValidHeader(bytes: Buffer, magic: Buffer, isValid: Check): boolean {
  let at = bytes.indexOf(magic);
  for (let places = 0; at >= 0 && places < maxOccurrences; places += 1) {
    if (isValid(bytes, at)) return true;
    at = bytes.indexOf(magic, at + 1);
  }
  return false;
}

/** The start header: 20 bytes after their CRC. */
function isSevenZip(bytes: Buffer, at: number): boolean {
  const end = at + 32;
  if (end > bytes.length || bytes[at + 6] !== 0) return false;
  return crc32(bytes.subarray(at + 12, end)) === bytes.readUInt32LE(at + 8);
}

/** The main header: in version 5 after a CRC-32, in version 4 after half of one. */
function isRar(bytes: Buffer, at: number): boolean {
  if (bytes[at + 6] === 1 && bytes[at + 7] === 0) {
    const start = at + 12;
    const size = bytes[start] ?? 0;
    const end = start + 1 + size;
    if (size === 0 || size > 0x7f || end > bytes.length) return false;
    return crc32(bytes.subarray(start, end)) === bytes.readUInt32LE(at + 8);
  }
  const start = at + 7;
  if (bytes[at + 6] !== 0 || start + 7 > bytes.length || bytes[start + 2] !== 0x73) return false;
  const end = start + bytes.readUInt16LE(start + 5);
  const isWhole = end >= start + 13 && end <= bytes.length;
  return isWhole && (crc32(bytes.subarray(start + 2, end)) & 0xffff) === bytes.readUInt16LE(start);
}

/** Its own size, the offset of its files in that, and version 1.3. */
function isCabinet(bytes: Buffer, at: number): boolean {
  if (at + 36 > bytes.length || bytes.readUInt16LE(at + 24) !== 0x0103) return false;
  const sizeBytes = bytes.readUInt32LE(at + 8);
  const filesAt = bytes.readUInt32LE(at + 16);
  return at + sizeBytes <= bytes.length && filesAt >= 36 && filesAt < sizeBytes;
}
