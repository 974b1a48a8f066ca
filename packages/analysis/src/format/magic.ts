/** Lookups in the table of magic bytes. */
import { fileSignatures } from '@lazaret/protocol';

/** The magic bytes of a container or compression format. */
export function magicOf(container: string): readonly Buffer[] {
  return fileSignatures
    .filter(([, , name]) => name === container)
    .map(([, magic]) => Buffer.from(magic, 'latin1'));
}

/** Whether content starts with magic bytes. */
export function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.length >= magic.length && head.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** Whether a skippable frame (0x184D2A50 to 5F, RFC 8878) comes before the first zstd frame. */
export function isSkippableFrame(head: Buffer): boolean {
  return head.length >= 4 && (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50;
}
