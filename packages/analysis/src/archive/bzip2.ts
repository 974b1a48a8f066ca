/**
 * bzip2 from memory, one block at a time, as Julian Seward's program writes it; several streams may
 * follow each other. Every loop is bounded by the bits that are read or by the block's size.
 */
import { DecodeError } from './decode-error.ts';

const pieceBytes = 1024 * 1024;
const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;
const symbolsPerSelector = 50;
const maxCodeBits = 20;

/**
 * Decompresses to chunks of up to 1 MiB. Throws DecodeError; chunks yielded before remain valid.
 */
export function* decodeBzip2(bytes: Uint8Array): Generator<Buffer, void, undefined> {
  const bits = new BitReader(bytes);
  do {
    const level = readStreamHeader(bits);
    for (;;) {
      const magic = bits.read(24) * 0x1000000 + bits.read(24);
      const crc = bits.read(16) * 0x10000 + bits.read(16);
      if (magic === endMagic) break;
      if (magic !== blockMagic) throw damaged('a block has no beginning');
      yield* expand(readBlock(bits, level * 100_000), crc);
    }
    bits.alignToByte();
  } while (bits.startsStream());
}

function damaged(message: string): DecodeError {
  return new DecodeError('damaged', `bzip2: ${message}`);
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #heldBits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#heldBits < count) {
      const next = this.#bytes[this.#at];
      if (next === undefined) throw damaged('it ends too early');
      this.#at += 1;
      this.#held = ((this.#held & 0xffffff) << 8) | next;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    return (this.#held >>> this.#heldBits) & ((1 << count) - 1);
  }

  alignToByte(): void {
    this.#heldBits -= this.#heldBits % 8;
  }

  /** Whether another stream follows; anything else after the end is ignored, as by bzip2. */
  startsStream(): boolean {
    const at = this.#at - this.#heldBits / 8;
    const next = this.#bytes.subarray(at, at + 3);
    return next[0] === 0x42 && next[1] === 0x5a && next[2] === 0x68;
  }
}

function readStreamHeader(bits: BitReader): number {
  const magic = bits.read(24);
  const level = bits.read(8) - 0x30;
  if (magic !== 0x425a68 || level < 1 || level > 9) throw damaged('it has no beginning');
  return level;
}

interface Block {
  /** The transformed text: bytes in the low 8 bits, the way back in the high 24. */
  readonly links: Uint32Array;
  readonly start: number;
}

function readBlock(bits: BitReader, maxBytes: number): Block {
  if (bits.read(1) !== 0) {
    throw new DecodeError('unsupported', 'bzip2: a block in the form before 0.9.5');
  }
  const origin = bits.read(24);
  const used = readUsedBytes(bits);
  const tableCount = bits.read(3);
  if (tableCount < 2 || tableCount > 6) throw damaged('a wrong number of tables');
  const selectors = readSelectors(bits, tableCount);
  const codes = Array.from({ length: tableCount }, () => readCode(bits, used.length + 2));
  const links = new Uint32Array(maxBytes);
  const counts = new Uint32Array(256);
  const length = readSymbols(bits, { used, selectors, codes, links, counts });
  if (origin >= length) throw damaged('a block begins outside itself');
  link(links.subarray(0, length), counts);
  return { links: links.subarray(0, length), start: (links[origin] ?? 0) >>> 8 };
}

function readUsedBytes(bits: BitReader): Uint8Array {
  const groups = bits.read(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group += 1) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const members = bits.read(16);
    for (let one = 0; one < 16; one += 1) {
      if ((members & (0x8000 >> one)) !== 0) used.push(group * 16 + one);
    }
  }
  if (used.length === 0) throw damaged('a block without bytes');
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  const order = Array.from({ length: tableCount }, (_, index) => index);
  for (let index = 0; index < selectors.length; index += 1) {
    let place = 0;
    while (bits.read(1) === 1) {
      place += 1;
      if (place >= tableCount) throw damaged('a selector is out of range');
    }
    const [chosen = 0] = order.splice(place, 1);
    order.unshift(chosen);
    selectors[index] = chosen;
  }
  return selectors;
}

/** A canonical code: for each length the first code above it, and where its symbols begin. */
interface Code {
  readonly limits: Int32Array;
  readonly offsets: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(bits: BitReader, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  const perLength = new Int32Array(maxCodeBits + 1);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol += 1) {
    for (;;) {
      if (length < 1 || length > maxCodeBits) throw damaged('a code is too long');
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
    perLength[length] = (perLength[length] ?? 0) + 1;
  }
  const limits = new Int32Array(maxCodeBits + 1);
  const offsets = new Int32Array(maxCodeBits + 1);
  const symbols = new Uint16Array(symbolCount);
  let code = 0;
  let index = 0;
  for (let size = 1; size <= maxCodeBits; size += 1) {
    code <<= 1;
    offsets[size] = index - code;
    for (let symbol = 0; symbol < symbolCount; symbol += 1) {
      if (lengths[symbol] === size) symbols[index++] = symbol;
    }
    code += perLength[size] ?? 0;
    limits[size] = code;
  }
  return { limits, offsets, symbols };
}

function readSymbol(bits: BitReader, { limits, offsets, symbols }: Code): number {
  let code = 0;
  for (let size = 1; size <= maxCodeBits; size += 1) {
    code = (code << 1) | bits.read(1);
    if (code < (limits[size] ?? 0)) {
      const symbol = symbols[code + (offsets[size] ?? 0)];
      if (symbol !== undefined) return symbol;
    }
  }
  throw damaged('an undefined code');
}

interface SymbolTables {
  readonly used: Uint8Array;
  readonly selectors: Uint8Array;
  readonly codes: readonly Code[];
  readonly links: Uint32Array;
  readonly counts: Uint32Array;
}

/** Decodes Huffman codes, runs and move-to-front; returns the length of the block. */
function readSymbols(bits: BitReader, tables: SymbolTables): number {
  const { selectors, codes, links, counts } = tables;
  const order = Uint8Array.from(tables.used);
  const last = order.length + 1;
  let length = 0;
  let runBit = 1;
  let run = 0;
  for (let position = 0; ; position += 1) {
    const code = codes[selectors[Math.floor(position / symbolsPerSelector)] ?? -1];
    if (code === undefined) throw damaged('a block is longer than its selectors');
    const symbol = readSymbol(bits, code);
    if (symbol < 2) {
      run += runBit << symbol;
      runBit <<= 1;
      if (length + run > links.length) throw damaged('a block is too long');
      continue;
    }
    if (run > 0) {
      const byte = order[0] ?? 0;
      links.fill(byte, length, length + run);
      counts[byte] = (counts[byte] ?? 0) + run;
      length += run;
      run = 0;
      runBit = 1;
    }
    if (symbol === last) return length;
    if (length >= links.length) throw damaged('a block is too long');
    const byte = order[symbol - 1] ?? 0;
    order.copyWithin(1, 0, symbol - 1);
    order[0] = byte;
    counts[byte] = (counts[byte] ?? 0) + 1;
    links[length] = byte;
    length += 1;
  }
}

/** Writes the way through the sorted rotations into the high bits (Burrows and Wheeler, 1994). */
function link(links: Uint32Array, counts: Uint32Array): void {
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    const count = counts[byte] ?? 0;
    counts[byte] = sum;
    sum += count;
  }
  for (let index = 0; index < links.length; index += 1) {
    const byte = (links[index] ?? 0) & 0xff;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    links[place] = (links[place] ?? 0) | (index << 8);
  }
}

/** Undoes the first run coding (four equal bytes and a count) and checks the block's sum. */
function* expand({ links, start }: Block, wanted: number): Generator<Buffer, void, undefined> {
  let piece = Buffer.allocUnsafe(pieceBytes);
  let size = 0;
  let crc = 0xffffffff;
  let at = start;
  let same = 0;
  let before = -1;
  for (let index = 0; index < links.length; index += 1) {
    const entry = links[at] ?? 0;
    at = entry >>> 8;
    const byte = entry & 0xff;
    const isCount = same === 4;
    const times = isCount ? byte : 1;
    const value = isCount ? before : byte;
    same = isCount ? 0 : byte === before ? same + 1 : 1;
    before = isCount ? -1 : byte;
    for (let time = 0; time < times; time += 1) {
      piece[size++] = value;
      crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ value] ?? 0);
      if (size < pieceBytes) continue;
      yield piece;
      piece = Buffer.allocUnsafe(pieceBytes);
      size = 0;
    }
  }
  if (size > 0) yield piece.subarray(0, size);
  if (~crc >>> 0 !== wanted) throw damaged('a block does not match its sum');
}

const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});
