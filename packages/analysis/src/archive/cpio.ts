/**
 * The files of a cpio archive: `newc` (with or without sums) as in rpm packages and boot images,
 * `odc` of POSIX, and the old binary form of either byte order.
 */
import type { PlainMember } from './ar.ts';
import { DecodeError } from './decode-error.ts';

interface Header {
  readonly mode: number;
  readonly sizeBytes: number;
  readonly nameBytes: number;
  readonly headerBytes: number;
  /** Alignment of name and content. */
  readonly alignment: number;
}

const fileTypeMask = 0o170000;
const regularFile = 0o100000;

/**
 * Throws DecodeError when reading fails; members yielded before remain valid. After the end of
 * an archive another one, or a compressed one, may follow, as in a boot image: it is the return
 * value, empty when only zeros follow.
 */
export function* readCpio(bytes: Buffer): Generator<PlainMember, Buffer, undefined> {
  for (let at = 0; ;) {
    const header = readHeader(bytes, at);
    const nameStart = at + header.headerBytes;
    const nameEnd = nameStart + header.nameBytes;
    const start = align(nameEnd, header);
    const end = start + header.sizeBytes;
    const path = bytes.toString('utf8', nameStart, Math.max(nameStart, nameEnd - 1));
    if (path === 'TRAILER!!!') return behind(bytes, start);
    const isFile = (header.mode & fileTypeMask) === regularFile;
    if (isFile) yield { path, bytes: bytes.subarray(start, end) };
    if (end > bytes.length) throw new DecodeError('damaged', 'cpio: it ends inside a member');
    at = align(end, header);
  }
}

function align(at: number, { alignment }: Header): number {
  return Math.ceil(at / alignment) * alignment;
}

function readHeader(bytes: Buffer, at: number): Header {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === 0xc7 && second === 0x71) return readBinary(bytes, at, 'readUInt16LE');
  if (first === 0x71 && second === 0xc7) return readBinary(bytes, at, 'readUInt16BE');
  const magic = bytes.toString('latin1', at, at + 6);
  if (magic === '070707') return readOdc(bytes, at);
  if (magic === '070701' || magic === '070702') return readNewc(bytes, at);
  if (magic === '07070X')
    throw new DecodeError('unsupported', 'cpio: stripped headers (magic 07070X)');
  throw new DecodeError('damaged', `cpio: no header at byte ${at}`);
}

function readNewc(bytes: Buffer, at: number): Header {
  const text = digitsAt(bytes, at, { count: 110, form: /^[0-9A-Fa-f]+$/ });
  const field = (number: number): number =>
    Number.parseInt(text.slice(6 + number * 8, 14 + number * 8), 16);
  const sizes = { sizeBytes: field(6), nameBytes: field(11) };
  return { mode: field(1), ...sizes, headerBytes: 110, alignment: 4 };
}

function readOdc(bytes: Buffer, at: number): Header {
  const text = digitsAt(bytes, at, { count: 76, form: /^[0-7]+$/ });
  const field = (from: number, to: number): number => Number.parseInt(text.slice(from, to), 8);
  const sizes = { sizeBytes: field(65, 76), nameBytes: field(59, 65) };
  return { mode: field(18, 24), ...sizes, headerBytes: 76, alignment: 1 };
}

/** Numbers of 16 bits; of the two that make 32, the higher one comes first in either order. */
function readBinary(bytes: Buffer, at: number, read: 'readUInt16LE' | 'readUInt16BE'): Header {
  if (at + 26 > bytes.length) throw broken(at);
  const field = (offset: number): number => bytes[read](at + offset);
  const sizes = { sizeBytes: field(22) * 0x10000 + field(24), nameBytes: field(20) };
  return { mode: field(6), ...sizes, headerBytes: 26, alignment: 2 };
}

function digitsAt(bytes: Buffer, at: number, digits: { count: number; form: RegExp }): string {
  const text = bytes.toString('latin1', at, at + digits.count);
  if (text.length === digits.count && digits.form.test(text)) return text;
  throw broken(at);
}

function broken(at: number): DecodeError {
  return new DecodeError('damaged', `cpio: a broken header at byte ${at}`);
}

function behind(bytes: Buffer, from: number): Buffer {
  let at = from;
  while (at < bytes.length && bytes[at] === 0) at += 1;
  return bytes.subarray(at);
}
