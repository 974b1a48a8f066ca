/**
 * The files of a cpio archive in its ASCII forms: `newc` (with or without sums) as in rpm packages
 * and boot images, and `odc` of POSIX.
 */
import type { PlainMember } from './ar.ts';
import { DecodeError } from './decode-error.ts';

interface Header {
  readonly mode: number;
  readonly sizeBytes: number;
  readonly nameBytes: number;
  readonly headerBytes: number;
  /** What name and content are filled up to. */
  readonly alignment: number;
}

const fileTypeMask = 0o170000;
const regularFile = 0o100000;

/**
 * Throws DecodeError when it cannot be read on; what was yielded before stands. Behind the end of
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
  const magic = bytes.toString('latin1', at, at + 6);
  const isOld = magic === '070707';
  const headerBytes = isOld ? 76 : 110;
  if (!isOld && magic !== '070701' && magic !== '070702') {
    if (magic === '07070X') throw new DecodeError('unsupported', 'cpio: headers are left out');
    throw new DecodeError('damaged', `cpio: no header at byte ${at}`);
  }
  const text = bytes.toString('latin1', at, at + headerBytes);
  const digits = isOld ? /^[0-7]{76}$/ : /^[0-9A-Fa-f]{110}$/;
  if (!digits.test(text)) throw new DecodeError('damaged', `cpio: a broken header at byte ${at}`);
  const octal = (from: number, to: number): number => Number.parseInt(text.slice(from, to), 8);
  const hexadecimal = (field: number): number =>
    Number.parseInt(text.slice(6 + field * 8, 14 + field * 8), 16);
  return isOld
    ? {
        ...{ mode: octal(18, 24), sizeBytes: octal(65, 76), nameBytes: octal(59, 65) },
        ...{ headerBytes, alignment: 1 },
      }
    : {
        ...{ mode: hexadecimal(1), sizeBytes: hexadecimal(6), nameBytes: hexadecimal(11) },
        ...{ headerBytes, alignment: 4 },
      };
}

function behind(bytes: Buffer, from: number): Buffer {
  let at = from;
  while (at < bytes.length && bytes[at] === 0) at += 1;
  return bytes.subarray(at);
}
