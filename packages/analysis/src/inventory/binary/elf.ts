/**
 * ELF: sections and loaded segments (System V ABI, "Object Files"), 32 and 64 bit, both byte
 * orders.
 */

import { inventoryLimits } from '../limits.ts';
import { clamp, readName, sectionBytes } from './binary-section.ts';
import type { BinaryImage, BinarySection } from './binary-section.ts';
import { viewNumbers } from './number-view.ts';
import type { NumberView } from './number-view.ts';

const magic = '\x7fELF';
const loadSegment = 1;
const writableSegment = 2;
const writableSection = 1;
/** A section without bytes in the file. */
const noBits = 8;
const extendedIndex = 0xffff;

/** Offsets of fields: in the header, in an entry of the section table, in one of the segments. */
interface Layout {
  readonly header: Readonly<Record<'segments' | 'sections' | 'counts', number>>;
  readonly section: Readonly<Record<'bytes' | 'address' | 'offset' | 'size' | 'link', number>>;
  readonly segment: Readonly<Record<'bytes' | 'flags' | 'offset' | 'address' | 'size', number>>;
}
const layout32: Layout = {
  header: { segments: 28, sections: 32, counts: 42 },
  section: { bytes: 40, address: 12, offset: 16, size: 20, link: 24 },
  segment: { bytes: 32, flags: 24, offset: 4, address: 8, size: 16 },
};
const layout64: Layout = {
  header: { segments: 32, sections: 40, counts: 54 },
  section: { bytes: 64, address: 16, offset: 24, size: 32, link: 40 },
  segment: { bytes: 56, flags: 4, offset: 8, address: 16, size: 32 },
};

export function parseElf(bytes: Buffer): BinaryImage | undefined {
  if (bytes.length < 52 || bytes.toString('latin1', 0, 4) !== magic) return undefined;
  const is64 = bytes[4] === 2;
  const isBigEndian = bytes[5] === 2;
  const view = viewNumbers(bytes, { isBigEndian, is64 });
  const layout = is64 ? layout64 : layout32;
  return {
    format: 'elf',
    is64,
    isBigEndian,
    sections: readSections(bytes, view, layout),
    segments: readSegments(bytes, view, layout),
  };
}

function readSections(bytes: Buffer, view: NumberView, layout: Layout): BinarySection[] {
  const { header, section } = layout;
  const table = view.word(header.sections);
  const width = view.u16(header.counts + 4);
  if (table === 0 || width < section.bytes || table + width > bytes.length) return [];
  // Counts that do not fit the header are in the first, otherwise empty, section.
  const count = view.u16(header.counts + 6) || view.word(table + section.size);
  const index = view.u16(header.counts + 8);
  const namesIndex = index === extendedIndex ? view.u32(table + section.link) : index;
  const room = Math.floor((bytes.length - table) / width);
  const most = Math.min(count, room, inventoryLimits.binarySections);
  if (namesIndex >= most) return [];
  const names = clamp(bytes, readSection(view, table + namesIndex * width, layout));
  if (names === undefined) return [];
  return listPieces({ table, width, most }, (at) => {
    const type = view.u32(at + 4);
    if (type === 0 || type === noBits) return undefined;
    const name = readName(sectionBytes(bytes, names), view.u32(at));
    return clamp(bytes, { ...readSection(view, at, layout), name });
  });
}

function readSection(view: NumberView, at: number, { section }: Layout): BinarySection {
  return {
    name: '',
    isWritable: (view.word(at + 8) & writableSection) !== 0,
    address: view.word(at + section.address),
    offset: view.word(at + section.offset),
    sizeBytes: view.word(at + section.size),
  };
}

function readSegments(
  bytes: Buffer,
  view: NumberView,
  { header, segment }: Layout,
): Omit<BinarySection, 'name'>[] {
  const table = view.word(header.segments);
  const width = view.u16(header.counts);
  if (table === 0 || width < segment.bytes || table + width > bytes.length) return [];
  const room = Math.floor((bytes.length - table) / width);
  const most = Math.min(view.u16(header.counts + 2), room);
  return listPieces({ table, width, most }, (at) => {
    if (view.u32(at) !== loadSegment) return undefined;
    return clamp(bytes, {
      offset: view.word(at + segment.offset),
      address: view.word(at + segment.address),
      sizeBytes: view.word(at + segment.size),
      isWritable: (view.u32(at + segment.flags) & writableSegment) !== 0,
    });
  });
}

interface Table {
  readonly table: number;
  readonly width: number;
  readonly most: number;
}

function listPieces<T>({ table, width, most }: Table, read: (at: number) => T | undefined): T[] {
  const pieces: T[] = [];
  for (let at = table; at < table + most * width; at += width) {
    const piece = read(at);
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces;
}
