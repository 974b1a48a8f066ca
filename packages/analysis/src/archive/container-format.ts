/**
 * Which container a file is, by its bytes and never by its name. Formats that are known and not
 * opened have a word too, so that they become gaps and not clean files.
 */
import { findAppended } from './appended-archive.ts';
import {
  hasDmgTrailer,
  hasIsoDescriptor,
  hasZipEnd,
  isAce,
  isBinaryCpio,
  isErofs,
  isLzh,
  isLzma,
  isPlausible,
  isTarHeader,
} from './format-checks.ts';

export type StreamFormat = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'lzma';
export type OpenedFormat = StreamFormat | 'zip' | 'tar' | 'ar' | 'cpio' | 'rpm';
/** Known, and not opened. */
const closedFormats = [
  ...(['7z', 'rar', 'cab', 'arj', 'ace', 'lzh', 'zoo', 'xar', 'wim', 'chm', 'tnef'] as const),
  ...(['lz4', 'lzip', 'lzop', 'compress', 'thin-ar'] as const),
  ...(['iso', 'dmg', 'squashfs', 'cramfs', 'erofs'] as const),
];
export type ClosedFormat = (typeof closedFormats)[number];
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
  ['lzop', '\x89LZO\0\r\n\x1a\n'],
  ['compress', '\x1f\x9d'],
  ['xar', 'xar!\0'],
  ['squashfs', 'hsqs'],
  ['squashfs', 'sqsh'],
  ['cramfs', '\x45\x3d\xcd\x28'],
  ['cramfs', '\x28\xcd\x3d\x45'],
  ['arj', '\x60\xea'],
  ['zoo', 'ZOO '],
  ['wim', 'MSWIM\0\0\0'],
  ['chm', 'ITSF'],
  ['tnef', '\x78\x9f\x3e\x22'],
];
const byFirstByte = indexMagics();

const closed: ReadonlySet<ContainerFormat> = new Set<ContainerFormat>(closedFormats);

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
  if (isBinaryCpio(bytes)) return 'cpio';
  if (isLzh(bytes)) return 'lzh';
  if (isAce(bytes)) return 'ace';
  if (isErofs(bytes)) return 'erofs';
  if (hasIsoDescriptor(bytes)) return 'iso';
  if (isLzma(bytes)) return 'lzma';
  // Programs and scripts that unpack themselves have their archive behind them.
  if (hasZipEnd(bytes)) return 'zip';
  return findAppended(bytes) ?? (hasDmgTrailer(bytes) ? 'dmg' : undefined);
}

function indexMagics(): (readonly (readonly [ContainerFormat, Buffer])[])[] {
  const table: [ContainerFormat, Buffer][][] = [];
  for (const [format, text] of magics) {
    const magic = Buffer.from(text, 'latin1');
    const first = magic[0] ?? 0;
    table[first] = [...(table[first] ?? []), [format, magic]];
  }
  return table;
}
