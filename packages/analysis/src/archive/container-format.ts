/**
 * Which container a file is, by its bytes and never by its name. Formats that are known and not
 * opened have a word too, so that they become gaps and not clean files.
 */
import { blockBytes } from './tar-header.ts';

export type StreamFormat = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'lzma';
export type OpenedFormat = StreamFormat | 'zip' | 'tar' | 'ar' | 'cpio' | 'rpm';
export type ClosedFormat =
  | ('7z' | 'rar' | 'cab' | 'iso' | 'lz4' | 'lzip' | 'compress' | 'xar' | 'squashfs' | 'arj')
  | 'thin-ar';
export type ContainerFormat = OpenedFormat | ClosedFormat;

const magics: readonly (readonly [ContainerFormat, string])[] = [
  ['zip', 'PK\x03\x04'],
  ['zip', 'PK\x05\x06'],
  ['zip', 'PK\x07\x08PK'],
  ['gzip', '\x1f\x8b\x08'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['xz', '\xfd7zXZ\0'],
  ['ar', '!<arch>\n'],
  ['thin-ar', '!<thin>\n'],
  ['cpio', '070701'],
  ['cpio', '070702'],
  ['cpio', '070707'],
  ['rpm', '\xed\xab\xee\xdb'],
  ['7z', '7z\xbc\xaf\x27\x1c'],
  ['rar', 'Rar!\x1a\x07'],
  ['cab', 'MSCF\0\0\0\0'],
  ['lz4', '\x04\x22\x4d\x18'],
  ['lzip', 'LZIP\x01'],
  ['compress', '\x1f\x9d'],
  ['xar', 'xar!\0'],
  ['squashfs', 'hsqs'],
  ['arj', '\x60\xea'],
];
const byFirstByte = indexMagics();

const closed: ReadonlySet<ContainerFormat> = new Set<ContainerFormat>([
  ...(['7z', 'rar', 'cab', 'iso', 'lz4', 'lzip'] as const),
  ...(['compress', 'xar', 'squashfs', 'arj', 'thin-ar'] as const),
]);

export function isClosed(format: ContainerFormat): format is ClosedFormat {
  return closed.has(format);
}

/** The container that these bytes are, or undefined. */
export function detectContainer(bytes: Buffer): ContainerFormat | undefined {
  for (const [format, magic] of byFirstByte[bytes[0] ?? -1] ?? []) {
    if (bytes.subarray(0, magic.length).equals(magic) && isPlausible(format, bytes)) return format;
  }
  if (/^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/.test(bytes.toString('latin1', 0, 10))) return 'bzip2';
  if (bytes.length >= 8 && (bytes.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  if (isTarHeader(bytes)) return 'tar';
  if (bytes.toString('latin1', isoMark, isoMark + 5) === 'CD001') return 'iso';
  if (isLzma(bytes)) return 'lzma';
  // Programs and scripts that unpack themselves have their archive behind them.
  return hasZipEnd(bytes) ? 'zip' : undefined;
}

const isoMark = 32_769;

/** Magic bytes that other files begin with as well need a second look. */
function isPlausible(format: ContainerFormat, bytes: Buffer): boolean {
  if (format === 'arj') return bytes.length > 40 && bytes.readUInt16LE(2) <= 2_600 && isArj(bytes);
  if (format === 'compress') return bytes.length > 3 && ((bytes[2] ?? 0) & 0x1f) <= 16;
  if (format === 'squashfs') return bytes.length >= 96 && bytes.readUInt16LE(28) === 4;
  return true;
}

/** The size of an ARJ's first header, and its type, which is 2. */
function isArj(bytes: Buffer): boolean {
  return bytes.readUInt16LE(2) >= 30 && bytes[10] === 2;
}

/** A header of 512 bytes whose sum is right; old archives have no magic. */
function isTarHeader(bytes: Buffer): boolean {
  if (bytes.length < blockBytes || bytes[0] === 0) return false;
  const text = /^[\0 ]*([0-7]{1,8})/.exec(bytes.toString('latin1', 148, 156))?.[1];
  if (text === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += bytes[at] ?? 0;
  return sum === Number.parseInt(text, 8);
}

/** No magic: a usual properties byte, a round dictionary, and a size that may be. */
function isLzma(bytes: Buffer): boolean {
  if (bytes[0] !== 0x5d || bytes.length < 18 || bytes[13] !== 0) return false;
  const dictionaryBytes = bytes.readUInt32LE(1);
  const isRound = dictionaryBytes >= 4_096 && /^1{1,2}0*$/.test(dictionaryBytes.toString(2));
  const high = bytes.readUInt32LE(9);
  return isRound && (high < 64 || (high === 0xffffffff && bytes.readUInt32LE(5) === high));
}

/** An end record whose comment ends with the file. */
function hasZipEnd(bytes: Buffer): boolean {
  const tail = bytes.subarray(-(22 + 0xffff));
  for (let at = tail.lastIndexOf(zipEnd); at >= 0; at = tail.lastIndexOf(zipEnd, at - 1)) {
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) return true;
    if (at === 0) return false;
  }
  return false;
}

const zipEnd = Buffer.from('PK\x05\x06', 'latin1');

function indexMagics(): (readonly (readonly [ContainerFormat, Buffer])[])[] {
  const table: [ContainerFormat, Buffer][][] = [];
  for (const [format, text] of magics) {
    const magic = Buffer.from(text, 'latin1');
    const first = magic[0] ?? 0;
    table[first] = [...(table[first] ?? []), [format, magic]];
  }
  return table;
}
