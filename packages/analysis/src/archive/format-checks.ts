/** Additional checks of formats that are not identified by their first bytes alone. */
import { blockBytes } from './tar-header.ts';

/** Checks more than the magic bytes, for formats whose magic bytes are ambiguous. */
export function isPlausible(format: string, bytes: Buffer): boolean {
  return plausible[format]?.(bytes) ?? true;
}

const plausible: Readonly<Record<string, (bytes: Buffer) => boolean>> = {
  arj: (bytes) => bytes.length > 40 && bytes.readUInt16LE(2) <= 2_600 && isArj(bytes),
  compress: (bytes) => bytes.length > 3 && ((bytes[2] ?? 0) & 0x1f) <= 16,
  squashfs: isSquashfs,
  cramfs: (bytes) => bytes.toString('latin1', 16, 32) === 'Compressed ROMFS',
  zoo: (bytes) => bytes.length > 24 && bytes.readUInt32LE(20) === 0xfdc4a7dc,
  chm: (bytes) => bytes.length > 12 && bytes.readUInt32LE(4) <= 4 && bytes.readUInt32LE(8) === 0x60,
  // A key of two bytes is followed by an attribute of a message or of a file in it.
  tnef: (bytes) => bytes[6] === 1 || bytes[6] === 2,
};

/** Of either byte order, version 4 or earlier. */
function isSquashfs(bytes: Buffer): boolean {
  if (bytes.length < 96) return false;
  const major = bytes[0] === 0x68 ? bytes.readUInt16LE(28) : bytes.readUInt16BE(28);
  return major >= 1 && major <= 4;
}

/** The size of an ARJ's first header, and its type, which is 2. */
function isArj(bytes: Buffer): boolean {
  return bytes.readUInt16LE(2) >= 30 && bytes[10] === 2;
}

/** A header of 512 bytes with a valid checksum; old archives have no magic bytes. */
export function isTarHeader(bytes: Buffer): boolean {
  if (bytes.length < blockBytes || bytes[0] === 0) return false;
  const text = /^[\0 ]*([0-7]{1,8})/.exec(bytes.toString('latin1', 148, 156))?.[1];
  if (text === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += bytes[at] ?? 0;
  return sum === Number.parseInt(text, 8);
}

/** No magic bytes: a common properties byte, a plausible dictionary size, and a plausible size. */
export function isLzma(bytes: Buffer): boolean {
  if (bytes[0] !== 0x5d || bytes.length < 18 || bytes[13] !== 0) return false;
  const dictionaryBytes = bytes.readUInt32LE(1);
  const isRound = dictionaryBytes >= 4_096 && /^1{1,2}0*$/.test(dictionaryBytes.toString(2));
  const high = bytes.readUInt32LE(9);
  return isRound && (high < 64 || (high === 0xffffffff && bytes.readUInt32LE(5) === high));
}

/** An end record whose comment ends at the end of the file. */
export function hasZipEnd(bytes: Buffer): boolean {
  const tail = bytes.subarray(-(22 + 0xffff));
  for (let at = tail.lastIndexOf(zipEnd); at >= 0; at = tail.lastIndexOf(zipEnd, at - 1)) {
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) return true;
    if (at === 0) return false;
  }
  return false;
}

const zipEnd = Buffer.from('PK\x05\x06', 'latin1');

/** Headers of 16-bit numbers in the order of the machine: `cpio -H bin`, the oldest form. */
export function isBinaryCpio(bytes: Buffer): boolean {
  const isLittle = bytes[0] === 0xc7 && bytes[1] === 0x71;
  const isBig = bytes[0] === 0x71 && bytes[1] === 0xc7;
  if ((!isLittle && !isBig) || bytes.length < 28) return false;
  const number = (at: number): number =>
    isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const nameBytes = number(20);
  const nameEnd = 26 + nameBytes - 1;
  return nameBytes > 1 && bytes.indexOf(0, 26) === nameEnd;
}

/** `-lh5-` after the size and the checksum of the header, with its level at 20. */
export function isLzh(bytes: Buffer): boolean {
  if (bytes[2] !== 0x2d || bytes.length < 22 || (bytes[20] ?? 4) > 3) return false;
  return /^-(?:lh[0-9dx]|lz[s45]|pm[012])-$/.test(bytes.toString('latin1', 2, 7));
}

const erofsMagic = 0xe0f5e1e2;

export function isErofs(bytes: Buffer): boolean {
  return bytes.length >= 1_152 && bytes.readUInt32LE(1_024) === erofsMagic;
}

const isoMark = 32_769;

export function isAce(bytes: Buffer): boolean {
  return bytes[7] === 0x2a && bytes.toString('latin1', 7, 14) === '**ACE**';
}

/** ISO 9660, or UDF alone. */
export function hasIsoDescriptor(bytes: Buffer): boolean {
  const mark = bytes.toString('latin1', isoMark, isoMark + 5);
  return mark === 'CD001' || mark === 'BEA01';
}

/** A disk image of macOS ends with its own block of 512 bytes. */
export function hasDmgTrailer(bytes: Buffer): boolean {
  const at = bytes.length - 512;
  return (
    at >= 0 && bytes.toString('latin1', at, at + 4) === 'koly' && bytes.readUInt32BE(at + 8) === 512
  );
}
