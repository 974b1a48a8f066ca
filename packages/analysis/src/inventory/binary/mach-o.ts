/** Mach-O (Apple, mach-o/loader.h): sections and segments of one architecture's image. */

import { inventoryLimits } from '../limits.ts';
import { clamp } from './binary-section.ts';
import type { BinaryImage, BinarySection } from './binary-section.ts';
import { viewNumbers } from './number-view.ts';
import type { NumberView } from './number-view.ts';

const segment32 = 1;
const segment64 = 0x19;
const writable = 2;

interface Shape {
  readonly is64: boolean;
  readonly isBigEndian: boolean;
  readonly view: NumberView;
}

export function parseMachO(bytes: Buffer): BinaryImage | undefined {
  const shape = readShape(bytes);
  if (shape === undefined) return undefined;
  const { is64, view } = shape;
  const sections: BinarySection[] = [];
  const segments: BinarySection[] = [];
  let at = is64 ? 32 : 28;
  for (let left = view.u32(16); left > 0 && at + 8 <= bytes.length; left -= 1) {
    const sizeBytes = view.u32(at + 4);
    if (sizeBytes < 8) break;
    if (view.u32(at) === (is64 ? segment64 : segment32)) {
      const segment = readSegment(at, shape);
      const { isWritable } = segment;
      const list = readSections(at, at + sizeBytes, shape);
      for (const one of list) keep(bytes, sections, { ...one, isWritable });
      keep(bytes, segments, segment);
    }
    at += sizeBytes;
  }
  return { format: 'mach-o', is64, isBigEndian: shape.isBigEndian, sections, segments };
}

function readShape(bytes: Buffer): Shape | undefined {
  if (bytes.length < 28) return undefined;
  const first = bytes.readUInt32BE(0);
  const isBigEndian = first === 0xfeedface || first === 0xfeedfacf;
  if (!isBigEndian && first !== 0xcefaedfe && first !== 0xcffaedfe) return undefined;
  const is64 = first === 0xfeedfacf || first === 0xcffaedfe;
  return { is64, isBigEndian, view: viewNumbers(bytes, { isBigEndian, is64 }) };
}

function keep(bytes: Buffer, list: BinarySection[], piece: BinarySection): void {
  if (list.length >= inventoryLimits.binarySections) return;
  const kept = clamp(bytes, piece);
  if (kept !== undefined) list.push(kept);
}

function readSegment(at: number, { is64, view }: Shape): BinarySection {
  return {
    name: '',
    address: view.word(at + 24),
    offset: view.word(at + (is64 ? 40 : 32)),
    sizeBytes: view.word(at + (is64 ? 48 : 36)),
    isWritable: (view.u32(at + (is64 ? 60 : 44)) & writable) !== 0,
  };
}

/** The sections of a segment, which are inside its command. */
function readSections(at: number, end: number, { is64, view }: Shape): BinarySection[] {
  const width = is64 ? 80 : 68;
  const first = at + (is64 ? 72 : 56);
  const room = Math.max(0, Math.floor((Math.min(end, view.size) - first) / width));
  const count = Math.min(view.u32(at + (is64 ? 64 : 48)), room, inventoryLimits.binarySections);
  return Array.from({ length: count }, (_, index) => {
    const section = first + index * width;
    return {
      name: view.text(section, 16),
      address: view.word(section + 32),
      sizeBytes: view.word(section + (is64 ? 40 : 36)),
      offset: view.u32(section + (is64 ? 48 : 40)),
      isWritable: false,
    };
  });
}
