/**
 * Ranges of executables. They come from untrusted tables and are clamped to the size of the file.
 */
import { inventoryLimits } from '../limits.ts';

/** A named range of the file. It was checked to be inside the bytes. */
export interface BinarySection {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Its load address; 0 when it is not loaded. */
  readonly address: number;
  readonly isWritable: boolean;
}

export interface BinaryImage {
  readonly format: 'elf' | 'pe' | 'mach-o';
  readonly is64: boolean;
  readonly isBigEndian: boolean;
  /** Empty when the table was stripped. */
  readonly sections: readonly BinarySection[];
  /** The loaded segments, for addresses; the sections when the format has nothing else. */
  readonly segments: readonly Omit<BinarySection, 'name'>[];
}

export function sectionBytes(
  bytes: Buffer,
  section: Pick<BinarySection, 'offset' | 'sizeBytes'>,
): Buffer {
  return bytes.subarray(section.offset, section.offset + section.sizeBytes);
}

/** The text up to NUL at an offset, at most as long as a name of a section may be. */
export function readName(bytes: Buffer, at: number): string {
  if (at < 0 || at >= bytes.length) return '';
  const most = bytes.subarray(at, at + inventoryLimits.binarySectionNameBytes);
  const end = most.indexOf(0);
  return most.toString('latin1', 0, end < 0 ? most.length : end);
}

/** Clamps a range to the size of the file; undefined when it starts after the end. */
export function clamp<T extends { offset: number; sizeBytes: number }>(
  bytes: Buffer,
  piece: T,
): T | undefined {
  if (!(piece.offset >= 0) || piece.offset > bytes.length) return undefined;
  return { ...piece, sizeBytes: Math.min(piece.sizeBytes, bytes.length - piece.offset) };
}
