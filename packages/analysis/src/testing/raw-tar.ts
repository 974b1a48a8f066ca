/** Single tar blocks that no regular writer produces, for hostile archives. */
const blockBytes = 512;

export interface RawMember {
  readonly name?: string | Uint8Array;
  /** The type flag; `0` (a file) unless given. */
  readonly flag?: string;
  readonly linkName?: string;
  /** The size in the header, instead of the length of the content. */
  readonly sizeBytes?: number;
  readonly content?: Uint8Array;
  readonly mode?: number;
  /** Final changes to the header, before its checksum is computed. */
  readonly change?: (block: Buffer) => void;
}

/** A header block and the padded content, exactly as given; for the `entries` of a layer. */
export function rawMember(member: RawMember): Buffer {
  const content = Buffer.from(member.content ?? []);
  const block = Buffer.alloc(blockBytes);
  Buffer.from(member.name ?? 'file').copy(block, 0, 0, 100);
  writeOctal(block, 100, { value: member.mode ?? 0o644, digits: 7 });
  writeOctal(block, 108, { value: 0, digits: 7 });
  writeOctal(block, 116, { value: 0, digits: 7 });
  writeOctal(block, 124, { value: member.sizeBytes ?? content.length, digits: 11 });
  writeOctal(block, 136, { value: 0, digits: 11 });
  block.write(member.flag ?? '0', 156, 'latin1');
  block.write(member.linkName ?? '', 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  member.change?.(block);
  sealHeader(block);
  return Buffer.concat([block, content, Buffer.alloc(-content.length & (blockBytes - 1))]);
}

/** Writes the checksum over a header block that was changed. */
export function sealHeader(block: Buffer): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block.subarray(0, blockBytes)) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

function writeOctal(block: Buffer, at: number, field: { value: number; digits: number }): void {
  block.write(field.value.toString(8).padStart(field.digits, '0'), at, 'latin1');
}
