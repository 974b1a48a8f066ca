/** Pieces of executables. Places come from foreign tables and are cut to what the file holds. */
import { inventoryLimits } from '../limits.ts';

/** A named piece of the file. Its place was checked: it lies inside the bytes. */
export interface BinarySection {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Where it is loaded; 0 when it is not. */
  readonly address: number;
  readonly isWritable: boolean;
}

export interface BinaryImage {
  readonly format: 'elf' | 'pe' | 'mach-o';
  readonly is64: boolean;
  readonly isBigEndian: boolean;
  /** Empty when the table was stripped. */
  readonly sections: readonly BinarySection[];
  /** What is loaded, for addresses; the sections when the format has nothing else. */
  readonly segments: readonly Omit<BinarySection, 'name'>[];
}

export function sectionBytes(
  bytes: Buffer,
  section: Pick<BinarySection, 'offset' | 'sizeBytes'>,
): Buffer {
  return bytes.subarray(section.offset, section.offset + section.sizeBytes);
}

/** The text up to NUL at a place, at most as long as a name of a section may be. */
export function readName(bytes: Buffer, at: number): string {
  if (at < 0 || at >= bytes.length) return '';
  const most = bytes.subarray(at, at + inventoryLimits.binarySectionNameBytes);
  const end = most.indexOf(0);
  return most.toString('latin1', 0, end < 0 ? most.length : end);
}

/** Cuts a piece to what the file holds; undefined when it starts behind the end. */
export function clamp<T extends { offset: number; sizeBytes: number }>(
  bytes: Buffer,
  piece: T,
): T | undefined {
  if (!(piece.offset >= 0) || piece.offset > bytes.length) return undefined;
  return { ...piece, sizeBytes: Math.min(piece.sizeBytes, bytes.length - piece.offset) };
}
