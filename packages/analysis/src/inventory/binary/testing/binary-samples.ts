/** Executables with just the tables that readers use. */
export interface SampleSection {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface SampleShape {
  readonly is64?: boolean;
  readonly isBigEndian?: boolean;
  /** Without a table of sections, as some programs are stripped. */
  readonly isStripped?: boolean;
}

/** Sections are loaded at this address plus their offset in the file. */
export const loadAddress = 0x40_0000;

/** An ELF file: header, one segment over all of it, sections, names, section table. */
export function elfFile(sections: readonly SampleSection[], shape: SampleShape = {}): Buffer {
  const is64 = shape.is64 !== false;
  const write = writer(shape.isBigEndian === true, is64);
  const headerBytes = is64 ? 64 : 52;
  const segmentBytes = is64 ? 56 : 32;
  const entryBytes = is64 ? 64 : 40;
  const pieces: Buffer[] = [Buffer.alloc(align(headerBytes + segmentBytes))];
  const placed: { name: string; offset: number; size: number }[] = [];
  let at = pieces[0]!.length;
  const names = Buffer.from(`\0${[...sections.map(({ name }) => name), '.shstrtab'].join('\0')}\0`);
  for (const { name, bytes } of [...sections, { name: '.shstrtab', bytes: names }]) {
    const padded = Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);
    placed.push({ name, offset: at, size: bytes.length });
    pieces.push(padded);
    at += padded.length;
  }
  const table = Buffer.alloc((placed.length + 1) * entryBytes);
  placed.forEach(({ name, offset, size }, index) => {
    const entry = (index + 1) * entryBytes;
    write.u32(table, entry, names.indexOf(`\0${name}\0`) + 1);
    write.u32(table, entry + 4, 1);
    write.word(table, entry + (is64 ? 16 : 12), loadAddress + offset);
    write.word(table, entry + (is64 ? 24 : 16), offset);
    write.word(table, entry + (is64 ? 32 : 20), size);
  });
  const head = pieces[0]!;
  head.write('\x7fELF', 0, 'latin1');
  head[4] = is64 ? 2 : 1;
  head[5] = shape.isBigEndian === true ? 2 : 1;
  write.word(head, is64 ? 32 : 28, headerBytes);
  const counts = is64 ? 54 : 42;
  write.u16(head, counts, segmentBytes);
  write.u16(head, counts + 2, 1);
  write.u32(head, headerBytes, 1);
  write.word(head, headerBytes + (is64 ? 16 : 8), loadAddress);
  write.word(head, headerBytes + (is64 ? 32 : 16), at);
  if (shape.isStripped === true) return Buffer.concat(pieces);
  write.word(head, is64 ? 40 : 32, at);
  write.u16(head, counts + 4, entryBytes);
  write.u16(head, counts + 6, placed.length + 1);
  write.u16(head, counts + 8, placed.length);
  return Buffer.concat([...pieces, table]);
}

/** A PE file of 64 bits; sections start at multiples of 512 and are loaded at the same offset. */
export function peFile(
  sections: readonly (SampleSection & { readonly isWritable?: boolean })[],
  directories: ReadonlyMap<number, { address: number; size: number }> = new Map(),
): Buffer {
  const head = Buffer.alloc(1_024);
  head.write('MZ', 0, 'latin1');
  head.writeUInt32LE(64, 60);
  head.write('PE\0\0', 64, 'latin1');
  head.writeUInt16LE(sections.length, 70);
  head.writeUInt16LE(240, 84);
  head.writeUInt16LE(0x20b, 88);
  head.writeUInt32LE(16, 196);
  for (const [index, { address, size }] of directories) {
    head.writeUInt32LE(address, 200 + index * 8);
    head.writeUInt32LE(size, 204 + index * 8);
  }
  const pieces = [head];
  let at = head.length;
  sections.forEach(({ name, bytes, isWritable }, index) => {
    const entry = 328 + index * 40;
    head.write(name, entry, 8, 'latin1');
    head.writeUInt32LE(at, entry + 12);
    head.writeUInt32LE(bytes.length, entry + 16);
    head.writeUInt32LE(at, entry + 20);
    head.writeUInt32LE(isWritable === true ? 0xc000_0040 : 0x4000_0040, entry + 36);
    const padded = Buffer.alloc(Math.ceil(bytes.length / 512) * 512);
    bytes.copy(padded);
    pieces.push(padded);
    at += padded.length;
  });
  return Buffer.concat(pieces);
}

/** Offset of the first section of a PE sample. */
export const peStart = 1_024;

/** A Mach-O file of 64 bits with one segment. */
export function machOFile(sections: readonly SampleSection[], isBigEndian = false): Buffer {
  const write = writer(isBigEndian, true);
  const commandBytes = 72 + sections.length * 80;
  const head = Buffer.alloc(align(32 + commandBytes));
  write.u32(head, 0, 0xfeedfacf);
  write.u32(head, 16, 1);
  write.u32(head, 32, 0x19);
  write.u32(head, 36, commandBytes);
  write.word(head, 56, loadAddress);
  write.u32(head, 92, 3);
  write.u32(head, 96, sections.length);
  const pieces = [head];
  let at = head.length;
  sections.forEach(({ name, bytes }, index) => {
    const entry = 104 + index * 80;
    head.write(name, entry, 16, 'latin1');
    write.word(head, entry + 32, loadAddress + at);
    write.word(head, entry + 40, bytes.length);
    write.u32(head, entry + 48, at);
    const padded = Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);
    pieces.push(padded);
    at += padded.length;
  });
  write.word(head, 80, at);
  return Buffer.concat(pieces);
}

export interface Writer {
  u16(bytes: Buffer, at: number, value: number): void;
  u32(bytes: Buffer, at: number, value: number): void;
  word(bytes: Buffer, at: number, value: number): void;
}

export function writer(isBigEndian: boolean, is64: boolean): Writer {
  const u32 = (bytes: Buffer, at: number, value: number): void => {
    if (isBigEndian) bytes.writeUInt32BE(value, at);
    else bytes.writeUInt32LE(value, at);
  };
  return {
    u16: (bytes, at, value) => {
      if (isBigEndian) bytes.writeUInt16BE(value, at);
      else bytes.writeUInt16LE(value, at);
    },
    u32,
    word: (bytes, at, value) => {
      if (!is64) u32(bytes, at, value);
      else if (isBigEndian) bytes.writeBigUInt64BE(BigInt(value), at);
      else bytes.writeBigUInt64LE(BigInt(value), at);
    },
  };
}

function align(size: number): number {
  return Math.ceil(size / 16) * 16;
}
