/**
 * A bounded reader of zip archives in memory, from their central directory as PKWARE's
 * APPNOTE.TXT describes it. It reads the directory and the local headers once, in time that grows
 * with the bytes only, and content when it is asked for. Members that share bytes (the zip bomb of
 * David Fifield, "A better zip bomb", 2019) are listed and not read.
 */
import { constants, crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';

import { findZipEnd, readUInt64 } from './zip-end.ts';
import type { ZipEnd } from './zip-end.ts';
import { ZipError } from './zip-entry.ts';
import type { ZipArchive, ZipLimits, ZipMember, ZipNote, ZipNoteCode } from './zip-entry.ts';
import { decodeZipName, findExtra } from './zip-name.ts';

const directorySignature = 0x02014b50;
const digitalSignature = 0x05054b50;
const localSignature = 0x04034b50;
const localMagic = Buffer.from('PK\x03\x04', 'latin1');
const directoryBytes = 46;
const localBytes = 30;
const zip64Id = 1;
const encryptedFlag = 1;
const sizesFollowFlag = 8;
const utf8Flag = 0x800;
/** The host systems of archives made on Unix and on macOS. */
const unixHosts: ReadonlySet<number> = new Set([3, 19]);
const zstdWindowLogMax = 27;

/**
 * Reads the directory of an archive. Anomalies that do not stop the reading are in `notes`.
 * Throws ZipError when it is not an archive.
 */
export function readZip(bytes: Buffer, limits: ZipLimits): ZipArchive {
  const end = findZipEnd(bytes);
  const notes = new Notes(limits.notes);
  const listed = readDirectory(bytes, end, { limits, notes });
  const base = chooseBase(bytes, end, listed);
  for (const entry of listed) locate(bytes, entry, { base, limit: end.start, notes });
  const { members, gaps } = layOut(listed, end, notes);
  members.push(...readUnlisted(bytes, gaps, { room: limits.entries - members.length, notes }));
  noteSamePaths(members, notes);
  return {
    bytes,
    members,
    notes: notes.list,
    noteCodes: notes.codes,
    prefixBytes: members.reduce((least, { offset }) => Math.min(least, offset), end.start),
    trailingBytes: end.trailingBytes,
    comment: end.comment,
    limits,
  };
}

/**
 * The content of a member, checked against its CRC and its claimed size.
 * @param maxBytes The most that the content may have.
 * Throws ZipError when it cannot be read.
 */
export function readMember(archive: ZipArchive, member: ZipMember, maxBytes: number): Buffer {
  const { path, method, sizeBytes, dataOffset } = member;
  if (member.overlaps) throw new ZipError('overlap', `${path} shares its bytes with others`);
  if (member.encrypted) throw new ZipError('encrypted', `${path} is encrypted`);
  if (dataOffset === undefined) throw new ZipError('truncated', `${path} has no local header`);
  const dataEnd = dataOffset + member.compressedBytes;
  if (dataEnd > archive.bytes.length) throw new ZipError('truncated', `${path} ends too early`);
  if (member.sizeIsKnown && sizeBytes > maxBytes) {
    throw new ZipError('too_large', `${path} has ${sizeBytes} bytes, above ${maxBytes}`);
  }
  const data = archive.bytes.subarray(dataOffset, dataEnd);
  const allowedBytes = allowedByRatio(member, archive.limits);
  if (member.sizeIsKnown && method !== 0 && sizeBytes > allowedBytes) {
    throw new ZipError('ratio', `${path} is compressed to less than 1/${archive.limits.ratio}`);
  }
  const content = unpack(member, data, Math.min(maxBytes, allowedBytes));
  if (content.length > maxBytes) throw new ZipError('too_large', `${path} is above ${maxBytes}`);
  if (!member.sizeIsKnown) return content;
  if (content.length !== sizeBytes) {
    throw new ZipError('bad_size', `${path} has ${content.length} bytes instead of ${sizeBytes}`);
  }
  if (crc32(content) !== member.crc32) throw new ZipError('bad_crc', `${path} is damaged`);
  return content;
}

function allowedByRatio({ compressedBytes }: ZipMember, limits: ZipLimits): number {
  return Math.max(limits.ratioFreeBytes, compressedBytes * limits.ratio);
}

function unpack(member: ZipMember, data: Buffer, maxBytes: number): Buffer {
  const { method, path } = member;
  if (method === 0 || data.length === 0) return data;
  if (method !== 8 && method !== 93) {
    throw new ZipError('unsupported', `${path} is compressed with method ${method}`);
  }
  // One byte more than the limit distinguishes content that is too long from content that fits.
  const claimed = member.sizeIsKnown ? Math.min(member.sizeBytes, maxBytes) : maxBytes;
  const maxOutputLength = claimed + 1;
  const chunkSize = Math.min(Math.max(maxOutputLength, 1_024), 1_048_576);
  try {
    if (method === 8) return inflateRawSync(data, { maxOutputLength, chunkSize });
    const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax };
    return zstdDecompressSync(data, { maxOutputLength, chunkSize, params });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      const isLie = member.sizeIsKnown;
      throw new ZipError(isLie ? 'bad_size' : 'too_large', `${path} is longer than ${claimed}`);
    }
    throw new ZipError('bad_data', `${path} cannot be decompressed`);
  }
}

/** An entry of the directory, completed when its local header was read. */
type Listed = { -readonly [Key in keyof ZipMember]: ZipMember[Key] } & { readonly flags: number };

function readDirectory(
  bytes: Buffer,
  end: ZipEnd,
  { limits, notes }: { limits: ZipLimits; notes: Notes },
): Listed[] {
  const entries: Listed[] = [];
  let at = end.start;
  while (at + directoryBytes <= end.end && bytes.readUInt32LE(at) === directorySignature) {
    const next = endOfEntry(bytes, at);
    if (next > end.end) break;
    if (entries.length >= limits.entries) {
      notes.add('too_many_entries', `more than ${limits.entries} members`);
      return entries;
    }
    entries.push(readEntry(bytes, at));
    at = next;
  }
  const rest = end.end - at;
  if (rest > 0 && (rest < 4 || bytes.readUInt32LE(at) !== digitalSignature)) {
    notes.add('damaged_directory', `${rest} bytes of the directory are not entries`);
  }
  const isCounted = end.isZip64 ? end.count === entries.length : matchesCount(end, entries.length);
  if (!isCounted) notes.add('count_differs', `${entries.length} members, not ${end.count}`);
  return entries;
}

/** Old programs wrote more than 65535 members and let the number overflow. */
function matchesCount({ count }: ZipEnd, length: number): boolean {
  return (length & 0xffff) === count || (count === 0xffff && length >= count);
}

function endOfEntry(bytes: Buffer, at: number): number {
  const name = bytes.readUInt16LE(at + 28);
  return at + directoryBytes + name + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
}

function readEntry(bytes: Buffer, at: number): Listed {
  const flags = bytes.readUInt16LE(at + 8);
  const nameEnd = at + directoryBytes + bytes.readUInt16LE(at + 28);
  const name = bytes.subarray(at + directoryBytes, nameEnd);
  const extra = bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(at + 30));
  const sizes = readSizes(bytes, at, extra);
  const attributes = bytes.readUInt32LE(at + 38);
  const unixMode = unixHosts.has(bytes.readUInt8(at + 5)) ? attributes >>> 16 : 0;
  const fileType = unixMode & 0o170000;
  const path = decodeZipName(name, extra, (flags & utf8Flag) !== 0);
  return {
    path,
    rawName: name.toString('latin1'),
    ...sizes,
    crc32: bytes.readUInt32LE(at + 16),
    method: bytes.readUInt16LE(at + 10),
    encrypted: (flags & encryptedFlag) !== 0,
    isDirectory: path.endsWith('/') || fileType === 0o040000,
    isSymlink: fileType === 0o120000,
    mode: unixMode & 0o7777,
    dataOffset: undefined,
    overlaps: false,
    isListed: true,
    sizeIsKnown: true,
    flags,
  };
}

/** Sizes and offset; those that do not fit are in the extra field of zip64, in this order. */
function readSizes(
  bytes: Buffer,
  at: number,
  extra: Buffer,
): Pick<ZipMember, 'sizeBytes' | 'compressedBytes' | 'offset'> {
  const large = findExtra(extra, zip64Id);
  let used = 0;
  const read = (value: number): number => {
    if (value !== 0xffffffff || large === undefined || used + 8 > large.length) return value;
    used += 8;
    return readUInt64(large, used - 8);
  };
  const sizeBytes = read(bytes.readUInt32LE(at + 24));
  const compressedBytes = read(bytes.readUInt32LE(at + 20));
  return { sizeBytes, compressedBytes, offset: read(bytes.readUInt32LE(at + 42)) };
}

/** Archives after a prefix count their offsets from its start or from its end. */
function chooseBase(bytes: Buffer, end: ZipEnd, entries: readonly Listed[]): number {
  const first = entries[0];
  if (first === undefined || end.base === 0) return end.base;
  if (isLocalHeader(bytes, first.offset + end.base)) return end.base;
  return isLocalHeader(bytes, first.offset) ? 0 : end.base;
}

function isLocalHeader(bytes: Buffer, at: number): boolean {
  if (at < 0 || at + localBytes > bytes.length) return false;
  return bytes.readUInt32LE(at) === localSignature;
}

/** Reads the local header, which should match the directory. */
function locate(
  bytes: Buffer,
  entry: Listed,
  { base, limit, notes }: { base: number; limit: number; notes: Notes },
): void {
  const offset = entry.offset + base;
  entry.offset = offset;
  if (!isLocalHeader(bytes, offset)) {
    notes.add('header_missing', `no local header at byte ${offset}`, entry.path);
    return;
  }
  const nameEnd = offset + localBytes + bytes.readUInt16LE(offset + 26);
  entry.dataOffset = nameEnd + bytes.readUInt16LE(offset + 28);
  entry.overlaps = entry.dataOffset + entry.compressedBytes > limit;
  const differing = differences(bytes, offset, entry);
  if (differing.length > 0) {
    notes.add('header_differs', `its local header has another ${differing.join(', ')}`, entry.path);
  }
}

function differences(bytes: Buffer, at: number, entry: Listed): string[] {
  const found: string[] = [];
  const nameEnd = at + localBytes + bytes.readUInt16LE(at + 26);
  const name = bytes.subarray(at + localBytes, nameEnd).toString('latin1');
  if (name !== entry.rawName) found.push('name');
  if (bytes.readUInt16LE(at + 8) !== entry.method) found.push('method');
  const flags = bytes.readUInt16LE(at + 6);
  if (((flags ^ entry.flags) & encryptedFlag) !== 0) found.push('encryption flag');
  if ((flags & sizesFollowFlag) !== 0) return found;
  if (bytes.readUInt32LE(at + 14) !== entry.crc32) found.push('CRC');
  const compressed = bytes.readUInt32LE(at + 18);
  if (compressed !== 0xffffffff && compressed !== entry.compressedBytes) found.push('packed size');
  const size = bytes.readUInt32LE(at + 22);
  if (size !== 0xffffffff && size !== entry.sizeBytes) found.push('size');
  return found;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Finds members that share bytes, and the bytes that belong to no member. */
function layOut(
  located: Listed[],
  end: ZipEnd,
  notes: Notes,
): { members: ZipMember[]; gaps: Gap[] } {
  const gaps: Gap[] = [];
  const placed = located.filter(({ dataOffset }) => dataOffset !== undefined);
  placed.sort((a, b) => a.offset - b.offset);
  let reached = 0;
  let furthest: Listed | undefined;
  for (const entry of placed) {
    if (entry.offset > reached) gaps.push({ from: reached, to: entry.offset });
    if (entry.offset < reached && furthest !== undefined) {
      furthest.overlaps = true;
      entry.overlaps = true;
    }
    const entryEnd = (entry.dataOffset ?? entry.offset) + entry.compressedBytes;
    if (entryEnd > reached) {
      reached = entryEnd;
      furthest = entry;
    }
  }
  if (end.start > reached) gaps.push({ from: reached, to: end.start });
  for (const { overlaps, path } of located) {
    if (overlaps) notes.add('overlap', 'shares its bytes with others', path);
  }
  return { members: located, gaps };
}

/** Members in the gaps, which a program that reads from the front would see. */
function readUnlisted(
  bytes: Buffer,
  gaps: readonly Gap[],
  { room, notes }: { room: number; notes: Notes },
): ZipMember[] {
  const found: ZipMember[] = [];
  for (const { from, to } of gaps) {
    const gap = bytes.subarray(from, to);
    let at = gap.indexOf(localMagic);
    while (at >= 0) {
      if (found.length >= room) {
        notes.add('too_many_entries', 'more members that are not listed');
        return found;
      }
      const member = readLocal(bytes, from + at, to);
      if (member !== undefined) {
        cutAt(found, member.offset);
        found.push(member);
        notes.add('not_listed', `a local header only, at byte ${from + at}`, member.path);
      }
      const past = member?.dataOffset === undefined ? at + 4 : member.dataOffset - from;
      at = gap.indexOf(localMagic, member?.sizeIsKnown ? past + member.compressedBytes : past);
    }
  }
  return found;
}

/** One whose size is not known ends where the next begins, so that no byte is read twice. */
function cutAt(found: ZipMember[], offset: number): void {
  const last = found.at(-1);
  if (last?.dataOffset === undefined || last.sizeIsKnown) return;
  if (last.dataOffset + last.compressedBytes <= offset) return;
  found[found.length - 1] = { ...last, compressedBytes: offset - last.dataOffset };
}

/** A member from its local header alone, or undefined when the bytes only look like one. */
function readLocal(bytes: Buffer, at: number, to: number): ZipMember | undefined {
  if (at + localBytes > to) return undefined;
  const nameEnd = at + localBytes + bytes.readUInt16LE(at + 26);
  const dataOffset = nameEnd + bytes.readUInt16LE(at + 28);
  const method = bytes.readUInt16LE(at + 8);
  const isPlausible = bytes.readUInt16LE(at + 4) <= 99 && method <= 99 && nameEnd > at + localBytes;
  if (!isPlausible || dataOffset > to) return undefined;
  const flags = bytes.readUInt16LE(at + 6);
  const claimed = bytes.readUInt32LE(at + 18);
  const sizeIsKnown = (flags & sizesFollowFlag) === 0 && dataOffset + claimed <= to;
  const name = bytes.subarray(at + localBytes, nameEnd);
  const extra = bytes.subarray(nameEnd, dataOffset);
  const path = decodeZipName(name, extra, (flags & utf8Flag) !== 0);
  return {
    path,
    rawName: name.toString('latin1'),
    sizeBytes: sizeIsKnown ? bytes.readUInt32LE(at + 22) : 0,
    compressedBytes: sizeIsKnown ? claimed : to - dataOffset,
    crc32: bytes.readUInt32LE(at + 14),
    method,
    encrypted: (flags & encryptedFlag) !== 0,
    isDirectory: path.endsWith('/'),
    isSymlink: false,
    mode: 0,
    offset: at,
    dataOffset,
    overlaps: false,
    isListed: false,
    sizeIsKnown,
  };
}

function noteSamePaths(members: readonly ZipMember[], notes: Notes): void {
  const seen = new Set<string>();
  for (const { path } of members) {
    if (seen.has(path)) notes.add('same_path', 'several members have this path', path);
    seen.add(path);
  }
}

class Notes {
  readonly list: ZipNote[] = [];
  readonly codes = new Set<ZipNoteCode>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(code: ZipNoteCode, detail: string, path?: string): void {
    this.codes.add(code);
    if (this.list.length >= this.#max) return;
    this.list.push(path === undefined ? { code, detail } : { code, detail, path });
  }
}
