/** Finds the end record of a zip archive, and with it the central directory. */
import { ZipError } from './zip-entry.ts';

const endSignature = Buffer.from('PK\x05\x06', 'latin1');
const directorySignature = 0x02014b50;
const zip64LocatorSignature = 0x07064b50;
const zip64EndSignature = 0x06064b50;
const endBytes = 22;
const zip64LocatorBytes = 20;
const zip64EndBytes = 56;
const commentBytesMax = 0xffff;
/** Maximum number of end records to check; other content may contain many. */
const candidatesMax = 64;

export interface ZipEnd {
  /** Where the directory starts and ends in the bytes. */
  readonly start: number;
  readonly end: number;
  /** What to add to the offsets in the directory. */
  readonly base: number;
  /** The number of members that the record claims, modulo 65536 without zip64. */
  readonly count: number;
  readonly isZip64: boolean;
  readonly comment: Buffer;
  /** Bytes after the comment. */
  readonly trailingBytes: number;
}

/**
 * The last end record that points to a directory. A record whose comment does not reach
 * the end of the bytes is taken too: something may have been appended.
 */
export function findZipEnd(bytes: Buffer): ZipEnd {
  const first = Math.max(0, bytes.length - endBytes - commentBytesMax);
  let at = bytes.length - endBytes;
  let fault: ZipError | undefined;
  for (let tried = 0; tried < candidatesMax && at >= first; tried += 1) {
    at = bytes.lastIndexOf(endSignature, at);
    if (at < first) break;
    const end = readEnd(bytes, at);
    if (!(end instanceof ZipError)) return end;
    fault ??= end;
    at -= 1;
  }
  throw fault ?? new ZipError('not_zip', 'no end record of a zip archive');
}

function readEnd(bytes: Buffer, at: number): ZipEnd | ZipError {
  const zip64At = findZip64(bytes, at);
  const fields = zip64At === undefined ? plainFields(bytes, at) : zip64Fields(bytes, zip64At, at);
  if (fields.disk !== 0) {
    return new ZipError('multi_disk', 'a part of an archive of several files');
  }
  const end = zip64At ?? at;
  const start = findDirectory(bytes, end, fields);
  if (start === undefined) {
    return new ZipError('truncated', 'the directory is not where the end record says');
  }
  const commentEnd = Math.min(bytes.length, at + endBytes + bytes.readUInt16LE(at + 20));
  return {
    start,
    end,
    base: start - fields.offset,
    count: fields.count,
    isZip64: zip64At !== undefined,
    comment: bytes.subarray(at + endBytes, commentEnd),
    trailingBytes: bytes.length - commentEnd,
  };
}

interface EndFields {
  readonly disk: number;
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

function plainFields(bytes: Buffer, at: number): EndFields {
  return {
    disk: bytes.readUInt16LE(at + 4),
    count: bytes.readUInt16LE(at + 10),
    size: bytes.readUInt32LE(at + 12),
    offset: bytes.readUInt32LE(at + 16),
  };
}

/** Only what does not fit the regular record is taken from the one of zip64. */
function zip64Fields(bytes: Buffer, zip64At: number, at: number): EndFields {
  const plain = plainFields(bytes, at);
  return {
    disk: plain.disk === 0xffff ? bytes.readUInt32LE(zip64At + 16) : plain.disk,
    count: plain.count === 0xffff ? readUInt64(bytes, zip64At + 32) : plain.count,
    size: plain.size === 0xffffffff ? readUInt64(bytes, zip64At + 40) : plain.size,
    offset: plain.offset === 0xffffffff ? readUInt64(bytes, zip64At + 48) : plain.offset,
  };
}

/** The end record of zip64: right before its locator, or at the offset in the locator. */
function findZip64(bytes: Buffer, at: number): number | undefined {
  const locator = at - zip64LocatorBytes;
  if (locator < 0 || bytes.readUInt32LE(locator) !== zip64LocatorSignature) return undefined;
  for (const place of [locator - zip64EndBytes, readUInt64(bytes, locator + 8)]) {
    if (place < 0 || place + zip64EndBytes > locator) continue;
    if (bytes.readUInt32LE(place) === zip64EndSignature) return place;
  }
  return undefined;
}

/**
 * Where the directory starts: right before the end by its size (so bytes before the archive do not
 * matter), or at its offset when the size is wrong.
 */
function findDirectory(bytes: Buffer, end: number, fields: EndFields): number | undefined {
  const bySize = end - fields.size;
  if (fields.count === 0 && fields.size === 0) return end;
  for (const start of [bySize, fields.offset]) {
    if (start < 0 || start + 46 > end) continue;
    if (bytes.readUInt32LE(start) === directorySignature) return start;
  }
  return undefined;
}

/** Above 2^53 the number is rounded, and then larger than any offset in a buffer. */
export function readUInt64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
