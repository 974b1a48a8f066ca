/**
 * The 512-byte header block of ustar (POSIX.1-1988), its pre-POSIX and GNU forms.
 * Sources: POSIX.1-2017 `pax`, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 * Where implementations differ, this follows Go's archive/tar, which Docker and containerd unpack
 * with: a reader that interprets an archive differently could be shown a harmless one.
 */
import { TarError } from './tar-entry.ts';
import type { DeviceNumbers } from './tar-entry.ts';

export const blockBytes = 512;

export interface TarHeader {
  readonly path: Text;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** The type flag as a character code. */
  readonly flag: number;
  readonly linkPath: Text;
  readonly device: DeviceNumbers | undefined;
  /** The header block of a sparse file in GNU format, which contains the start of its map. */
  readonly sparse: Buffer | undefined;
}

/** A decoded name; `raw` (latin1) is set when the bytes are not UTF-8. */
export interface Text {
  readonly text: string;
  readonly raw: string | undefined;
}

/** Whether a block is one of the zero blocks that end an archive. */
export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < blockBytes; at += 1) if (block[at] !== 0) return false;
  return true;
}

/** Reads a header block that starts at `offset` of the archive; throws TarError. */
export function parseHeader(block: Buffer, offset: number): TarHeader {
  verifyChecksum(block, offset);
  const magic = block.toString('latin1', 257, 263);
  const posix = magic === 'ustar\0';
  const flag = block[156] ?? 0;
  const device = (flag === 0x33 || flag === 0x34) && magic.startsWith('ustar');
  const name = decodeField(block, 0, 100);
  const prefix =
    posix && block[345] !== 0 ? decodeField(block, 345, prefixBytes(block)) : undefined;
  return {
    path: prefix === undefined ? name : joinText(prefix, name),
    mode: parseNumber(block, { at: 100, length: 8, offset }) & 0o7777,
    uid: parseNumber(block, { at: 108, length: 8, offset }),
    gid: parseNumber(block, { at: 116, length: 8, offset }),
    sizeBytes: parseNumber(block, { at: 124, length: 12, offset }),
    mtimeSeconds: parseNumber(block, { at: 136, length: 12, offset }),
    flag,
    linkPath: decodeField(block, 157, 100),
    device: device ? parseDevice(block, offset) : undefined,
    sparse: flag === 0x53 ? Buffer.from(block) : undefined,
  };
}

/** Whether a header is of GNU's own form. */
export function isGnuHeader(block: Buffer): boolean {
  return block.toString('latin1', 257, 265) === 'ustar  \0';
}

/** Bytes up to the first NUL as text. */
export function decodeText(bytes: Buffer): Text {
  return decodeField(bytes, 0, bytes.length);
}

/** Sum of all bytes with the checksum field as spaces; some old writers summed signed bytes. */
function verifyChecksum(block: Buffer, offset: number): void {
  const stored = parseNumber(block, { at: 148, length: 8, offset, code: 'bad_checksum' });
  const blanks = 8 * 0x20;
  const unsigned = sumBytes(block, 0, 148) + blanks + sumBytes(block, 156, blockBytes);
  if (stored === unsigned) return;
  let high = 0;
  for (let at = 0; at < blockBytes; at += 1) {
    if ((at < 148 || at >= 156) && (block[at] ?? 0) > 127) high += 1;
  }
  if (stored !== unsigned - 256 * high) {
    throw new TarError('bad_checksum', offset, 'not a tar header: the checksum is wrong');
  }
}

function parseDevice(block: Buffer, offset: number): DeviceNumbers {
  return {
    major: parseNumber(block, { at: 329, length: 8, offset }),
    minor: parseNumber(block, { at: 337, length: 8, offset }),
  };
}

/** Four at a time, between multiples of four: most of the work on an archive of small files. */
function sumBytes(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 4) {
    const two = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);
    sum += two + (bytes[at + 2] ?? 0) + (bytes[at + 3] ?? 0);
  }
  return sum;
}

/** star stores two times after a shorter prefix and marks this at the end of the block. */
function prefixBytes(block: Buffer): number {
  return block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155;
}

interface NumberField {
  readonly at: number;
  readonly length: number;
  /** Of the header in the archive, for the error. */
  readonly offset: number;
  readonly code?: 'bad_checksum' | 'bad_number';
}

/** Octal digits between spaces and NULs, or GNU's base-256 when the first bit is set. */
export function parseNumber(block: Buffer, field: NumberField): number {
  const { at, length } = field;
  if (((block[at] ?? 0) & 0x80) !== 0) return parseBase256(block, field);
  const end = at + length;
  let cursor = at;
  while (cursor < end && isBlank(block[cursor])) cursor += 1;
  let value = 0;
  while (cursor < end) {
    const digit = (block[cursor] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
    cursor += 1;
  }
  while (cursor < end && block[cursor] === 0x20) cursor += 1;
  if (cursor < end && block[cursor] !== 0) throw badNumber(field);
  return value;
}

function parseBase256(block: Buffer, field: NumberField): number {
  const { at, length } = field;
  const negative = ((block[at] ?? 0) & 0x40) !== 0;
  const flip = negative ? 0xff : 0;
  let value = ((block[at] ?? 0) ^ flip) & 0x7f;
  for (let cursor = at + 1; cursor < at + length; cursor += 1) {
    value = value * 256 + ((block[cursor] ?? 0) ^ flip);
    if (value > Number.MAX_SAFE_INTEGER) throw badNumber(field);
  }
  return negative ? -value - 1 : value;
}

function badNumber(field: NumberField): TarError {
  const message = `the number at byte ${field.at} of the header cannot be read`;
  return new TarError(field.code ?? 'bad_number', field.offset, message);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function decodeField(bytes: Buffer, at: number, length: number): Text {
  let end = at;
  let high = false;
  for (const limit = at + length; end < limit; end += 1) {
    const byte = bytes[end] ?? 0;
    if (byte === 0) break;
    if (byte > 127) high = true;
  }
  const raw = bytes.toString('latin1', at, end);
  if (!high) return { text: raw, raw: undefined };
  const text = bytes.toString('utf8', at, end);
  const valid = !text.includes('\ufffd') || Buffer.from(text).equals(bytes.subarray(at, end));
  return { text, raw: valid ? undefined : raw };
}

function joinText(prefix: Text, name: Text): Text {
  const text = `${prefix.text}/${name.text}`;
  if (prefix.raw === undefined && name.raw === undefined) return { text, raw: undefined };
  const latin1 = (part: Text): string => part.raw ?? Buffer.from(part.text).toString('latin1');
  return { text, raw: `${latin1(prefix)}/${latin1(name)}` };
}
