/**
 * Detects archive and compression formats, by content and never by name. Unsupported formats are
 * detected too, so that they become gaps and not clean files.
 */
import {
  filePatterns,
  fileSignatures,
  type OpenedFormat,
  type streamFormats,
} from '@lazaret/protocol';

import { isSkippableFrame } from '../format/magic.ts';
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

export type { OpenedFormat };
export type StreamFormat = (typeof streamFormats)[number];
/** Detected, but not opened. */
const unsupportedFormats = [
  ...(['7z', 'rar', 'cab', 'arj', 'ace', 'lzh', 'zoo', 'xar', 'wim', 'chm', 'tnef'] as const),
  ...(['lz4', 'lzip', 'lzop', 'compress', 'thin-ar'] as const),
  ...(['iso', 'dmg', 'squashfs', 'cramfs', 'erofs'] as const),
];
export type UnsupportedFormat = (typeof unsupportedFormats)[number];
export type ContainerFormat = OpenedFormat | UnsupportedFormat;

const byFirstByte = indexMagics();
const bzip2Start = filePatterns.find(([kind]) => kind === 'bzip2')?.[1];

const unsupported: ReadonlySet<ContainerFormat> = new Set<ContainerFormat>(unsupportedFormats);

export function isUnsupported(format: ContainerFormat): format is UnsupportedFormat {
  return unsupported.has(format);
}

/** The archive or compression format of the content, if any. */
export function detectContainer(bytes: Buffer): ContainerFormat | undefined {
  for (const [format, magic] of byFirstByte[bytes[0] ?? -1] ?? []) {
    if (bytes.subarray(0, magic.length).equals(magic) && isPlausible(format, bytes)) return format;
  }
  if (bzip2Start?.test(bytes.toString('latin1', 0, 10)) === true) return 'bzip2';
  if (bytes.length >= 8 && isSkippableFrame(bytes)) return 'zstd';
  if (isTarHeader(bytes)) return 'tar';
  if (isBinaryCpio(bytes)) return 'cpio';
  if (isLzh(bytes)) return 'lzh';
  if (isAce(bytes)) return 'ace';
  if (isErofs(bytes)) return 'erofs';
  if (hasIsoDescriptor(bytes)) return 'iso';
  if (isLzma(bytes)) return 'lzma';
  // Self-extracting programs and scripts have their archive appended.
  if (hasZipEnd(bytes)) return 'zip';
  return findAppended(bytes) ?? (hasDmgTrailer(bytes) ? 'dmg' : undefined);
}

function indexMagics(): (readonly (readonly [ContainerFormat, Buffer])[])[] {
  const table: [ContainerFormat, Buffer][][] = [];
  for (const [, text, container] of fileSignatures) {
    if (container === undefined) continue;
    const magic = Buffer.from(text, 'latin1');
    const first = magic[0] ?? 0;
    // A test compares the table with the formats that are detected here.
    table[first] = [...(table[first] ?? []), [container as ContainerFormat, magic]];
  }
  return table;
}
