/**
 * The header blobs of rpm's own format "ndb" (`Packages.db`): a header instead of the first two
 * slots, pages of slots, and blobs in blocks of 16 bytes, all little-endian. The format is
 * only described by rpm's source, lib/backend/ndb/rpmpkg.c.
 */
import { ReadError } from '../reader.ts';
import type { OnDamage } from './damage.ts';

const headerMagic = 0x506d7052; // RpmP
const slotMagic = 0x746f6c53; // Slot
const blobMagic = 0x53626c42; // BlbS
const tailMagic = 0x45626c42; // BlbE
const pageBytes = 4_096;
const slotBytes = 16;
const blockBytes = 16;
const blobHeadBytes = 16;
const blobTailBytes = 12;

/** Each package's header blob. Throws ReadError when the file is of another format. */
export function* readNdb(bytes: Buffer, onDamage: OnDamage): Generator<Buffer, void, undefined> {
  const end = slotsEnd(bytes, onDamage);
  // Blobs do not overlap: all of them together fit into the file.
  let left = bytes.length;
  for (let at = 2 * slotBytes; at + slotBytes <= end; at += slotBytes) {
    if (bytes.readUInt32LE(at) !== slotMagic) {
      onDamage('damaged', `no slot at byte ${at}`);
      continue;
    }
    const index = bytes.readUInt32LE(at + 4);
    if (index === 0) continue;
    const blob = readBlob(bytes, index, bytes.readUInt32LE(at + 8) * blockBytes);
    left -= blob?.length ?? 0;
    if (blob === undefined || left < 0) onDamage('damaged', `package ${index} has no valid blob`);
    else yield blob;
  }
}

function slotsEnd(bytes: Buffer, onDamage: OnDamage): number {
  if (bytes.length < 2 * slotBytes || bytes.readUInt32LE(0) !== headerMagic) {
    throw new ReadError('damaged', 'not a package database in ndb format');
  }
  const version = bytes.readUInt32LE(4);
  if (version !== 0) throw new ReadError('unsupported', `the format ndb of version ${version}`);
  const stated = bytes.readUInt32LE(12) * pageBytes;
  if (stated === 0 || stated > bytes.length) {
    onDamage('damaged', `${stated} bytes of slots in a file of ${bytes.length}`);
  }
  return Math.min(stated, bytes.length);
}

function readBlob(bytes: Buffer, index: number, at: number): Buffer | undefined {
  if (at + blobHeadBytes > bytes.length) return undefined;
  if (bytes.readUInt32LE(at) !== blobMagic || bytes.readUInt32LE(at + 4) !== index) {
    return undefined;
  }
  const length = bytes.readUInt32LE(at + 12);
  const start = at + blobHeadBytes;
  // The tail ends the last block: sum, length, magic.
  const total = blobHeadBytes + length + blobTailBytes;
  const tail = at + Math.ceil(total / blockBytes) * blockBytes - blobTailBytes;
  if (tail + blobTailBytes > bytes.length) return undefined;
  if (bytes.readUInt32LE(tail + 4) !== length || bytes.readUInt32LE(tail + 8) !== tailMagic) {
    return undefined;
  }
  return bytes.subarray(start, start + length);
}
