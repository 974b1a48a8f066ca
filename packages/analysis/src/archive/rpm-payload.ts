/**
 * Where the payload of an rpm package begins: after a lead of 96 bytes, the signature header,
 * padded to 8 bytes, and the main header (rpm's own format documentation).
 */
import { DecodeError } from './decode-error.ts';

const leadBytes = 96;
const headerMagic = 0x8eade801;
const entryBytes = 16;

/** The payload, a compressed cpio archive. Throws DecodeError. */
export function findRpmPayload(bytes: Buffer): Buffer {
  const signatureEnd = skipHeader(bytes, leadBytes);
  const mainStart = Math.ceil(signatureEnd / 8) * 8;
  return bytes.subarray(skipHeader(bytes, mainStart));
}

function skipHeader(bytes: Buffer, at: number): number {
  if (at + 16 > bytes.length || bytes.readUInt32BE(at) !== headerMagic) {
    throw new DecodeError('damaged', `rpm: no header at byte ${at}`);
  }
  const entries = bytes.readUInt32BE(at + 8);
  const end = at + 16 + entries * entryBytes + bytes.readUInt32BE(at + 12);
  if (end > bytes.length) throw new DecodeError('damaged', 'rpm: it ends inside a header');
  return end;
}
