/** The parts of an executable for readers: its sections, and the file offset of an address. */
import type { BinaryImage, BinarySection } from './binary-section.ts';
import { parseElf } from './elf.ts';
import { parseMachO } from './mach-o.ts';
import { parsePe } from './pe.ts';

/** First bytes of all formats that `parseBinary` supports, for `Wants`. */
export const binaryMagic: readonly string[] = [
  '\x7fELF',
  'MZ',
  '\xfe\xed\xfa\xce',
  '\xfe\xed\xfa\xcf',
  '\xce\xfa\xed\xfe',
  '\xcf\xfa\xed\xfe',
];

/** The image in these bytes, or undefined when they are not one. Damaged tables are omitted. */
export function parseBinary(bytes: Buffer): BinaryImage | undefined {
  return parseElf(bytes) ?? parsePe(bytes) ?? parseMachO(bytes);
}

export function findSection(image: BinaryImage, name: string): BinarySection | undefined {
  return image.sections.find((section) => section.name === name);
}

/** The file offset of the byte at an address, or undefined when it is not in it. */
export function offsetOfAddress(image: BinaryImage, address: number): number | undefined {
  for (const segment of image.segments) {
    const distance = address - segment.address;
    if (distance >= 0 && distance < segment.sizeBytes) return segment.offset + distance;
  }
  return undefined;
}
