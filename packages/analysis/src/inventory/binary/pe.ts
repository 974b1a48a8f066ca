/** Portable executables (Microsoft, "PE Format"): sections, and the directories of resources. */

import { inventoryLimits } from '../limits.ts';
import { clamp, readName } from './binary-section.ts';
import type { BinaryImage, BinarySection } from './binary-section.ts';
import { viewNumbers } from './number-view.ts';

const writable = 0x80000000;
const pe64 = 0x20b;

export interface PeImage extends BinaryImage {
  readonly format: 'pe';
  /** Base of the addresses. */
  readonly base: number;
  /** Offset and size, relative to `base`, of the resources and of the header of .NET. */
  readonly resources: { readonly address: number; readonly sizeBytes: number };
  readonly isManaged: boolean;
}

export function parsePe(bytes: Buffer): PeImage | undefined {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = bytes.readUInt32LE(60);
  if (header + 24 > bytes.length || bytes.readUInt32LE(header) !== 0x4550) return undefined;
  const optional = header + 24;
  const view = viewNumbers(bytes, { isBigEndian: false, is64: false });
  const is64 = view.u16(optional) === pe64;
  const base = is64 ? view.u64(optional + 24) : view.u32(optional + 28);
  const table = optional + view.u16(header + 20);
  const sections = readSections(bytes, { table, base, count: view.u16(header + 6) });
  const directories = optional + (is64 ? 112 : 96);
  const directoryCount = view.u32(directories - 4);
  const directory = (index: number): { address: number; sizeBytes: number } => {
    const at = directories + index * 8;
    if (index >= directoryCount || at + 8 > table) return { address: 0, sizeBytes: 0 };
    return { address: view.u32(at), sizeBytes: view.u32(at + 4) };
  };
  const shape = { format: 'pe', is64, isBigEndian: false } as const;
  const isManaged = directory(14).sizeBytes > 0;
  return { ...shape, sections, segments: sections, base, resources: directory(2), isManaged };
}

function readSections(
  bytes: Buffer,
  { table, base, count }: { table: number; base: number; count: number },
): BinarySection[] {
  const view = viewNumbers(bytes, { isBigEndian: false, is64: false });
  const room = Math.max(0, Math.floor((bytes.length - table) / 40));
  const end = table + Math.min(count, room, inventoryLimits.binarySections) * 40;
  const sections: BinarySection[] = [];
  for (let at = table; at < end; at += 40) {
    const kept = clamp(bytes, {
      name: readName(bytes.subarray(at, at + 8), 0),
      address: base + view.u32(at + 12),
      sizeBytes: view.u32(at + 16),
      offset: view.u32(at + 20),
      isWritable: (view.u32(at + 36) & writable) !== 0,
    });
    if (kept !== undefined) sections.push(kept);
  }
  return sections;
}
