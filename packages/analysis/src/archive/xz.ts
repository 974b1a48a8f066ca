/**
 * xz (The .xz File Format 1.2.1, Lasse Collin) and the older .lzma from memory. Several streams and
 * blocks may follow each other. Sums are not checked: a wrong one changes nothing in the content.
 */
import { DecodeError } from './decode-error.ts';
import { LzmaDecoder } from './lzma.ts';

const pieceBytes = 1024 * 1024;
const headerMagic = Buffer.from('\xfd7zXZ\0', 'latin1');
/** Bytes of a block's sum, by the kind of check. */
const checkBytes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const lzma2Filter = 0x21;
const lzmaHeaderBytes = 13;

function damaged(message: string): DecodeError {
  return new DecodeError('damaged', `xz: ${message}`);
}

/**
 * Decompresses to chunks of up to 1 MiB. Throws DecodeError; chunks yielded before remain valid.
 */
export function* decodeXz(
  bytes: Buffer,
  dictionaryBytesMax: number,
): Generator<Buffer, void, undefined> {
  const place = { at: 0 };
  do {
    const sumBytes = readStreamHeader(bytes, place);
    while (byteAt(bytes, place.at) !== 0) {
      const start = place.at;
      const dictionaryBytes = readBlockHeader(bytes, place);
      if (dictionaryBytes > dictionaryBytesMax) throw tooLarge(dictionaryBytes);
      yield* decodeChunks(bytes, place, dictionaryBytes);
      place.at += padding(place.at - start) + sumBytes;
    }
    skipIndex(bytes, place);
    // The footer, and zeros between streams.
    place.at += 12;
    while (place.at < bytes.length && bytes[place.at] === 0) place.at += 1;
  } while (place.at < bytes.length && startsStream(bytes, place.at));
}

/** The format before xz: properties, dictionary's size, size of the content or -1, content. */
export function* decodeLzma(
  bytes: Buffer,
  dictionaryBytesMax: number,
): Generator<Buffer, void, undefined> {
  if (bytes.length < lzmaHeaderBytes) throw damaged('it ends too early');
  const dictionaryBytes = bytes.readUInt32LE(1);
  if (dictionaryBytes > dictionaryBytesMax) throw tooLarge(dictionaryBytes);
  const size = bytes.readBigUInt64LE(5);
  let left = size === 0xffffffffffffffffn ? Infinity : Number(size);
  const decoder = new LzmaDecoder(dictionaryBytes);
  decoder.setProperties(byteAt(bytes, 0));
  decoder.setInput(bytes, lzmaHeaderBytes, bytes.length);
  while (left > 0) {
    const piece = decoder.decode(Math.min(left, pieceBytes));
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (decoder.hasEnded) break;
  }
  if (left > 0 && left !== Infinity) throw damaged('it is shorter than it says');
}

function tooLarge(dictionaryBytes: number): DecodeError {
  return new DecodeError('too_large', `a dictionary of ${dictionaryBytes} bytes`);
}

interface Place {
  at: number;
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw damaged('it ends too early');
  return byte;
}

function padding(size: number): number {
  return (4 - (size % 4)) % 4;
}

function startsStream(bytes: Buffer, at: number): boolean {
  return bytes.subarray(at, at + headerMagic.length).equals(headerMagic);
}

function readStreamHeader(bytes: Buffer, place: Place): number {
  if (!startsStream(bytes, place.at)) throw damaged('it has no beginning');
  const check = byteAt(bytes, place.at + 7) & 0x0f;
  place.at += 12;
  return checkBytes[check] ?? 0;
}

/** Seven bits per byte, the lowest first; sizes beyond the memory are invalid anyway. */
function readNumber(bytes: Buffer, place: Place): number {
  let value = 0;
  for (let shift = 0; shift < 63; shift += 7) {
    const byte = byteAt(bytes, place.at);
    place.at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw damaged('a number is too long');
}

/** Returns the size of the dictionary; only LZMA2 alone is read, as nearly all files have it. */
function readBlockHeader(bytes: Buffer, place: Place): number {
  const end = place.at + (byteAt(bytes, place.at) + 1) * 4;
  const flags = byteAt(bytes, place.at + 1);
  place.at += 2;
  if ((flags & 0x40) !== 0) readNumber(bytes, place);
  if ((flags & 0x80) !== 0) readNumber(bytes, place);
  const filter = readNumber(bytes, place);
  if ((flags & 3) !== 0 || filter !== lzma2Filter) {
    throw new DecodeError('unsupported', 'xz: a filter besides LZMA2');
  }
  readNumber(bytes, place);
  const code = byteAt(bytes, place.at);
  if (code > 40 || place.at >= end) throw damaged('a wrong block header');
  place.at = end;
  return code === 40 ? 0xffffffff : (2 | (code & 1)) * 2 ** (Math.floor(code / 2) + 11);
}

/** The chunks of LZMA2: the control byte states what is reset and whether they are compressed. */
function* decodeChunks(
  bytes: Buffer,
  place: Place,
  dictionaryBytes: number,
): Generator<Buffer, void, undefined> {
  const decoder = new LzmaDecoder(dictionaryBytes);
  let needs: 'dictionary' | 'properties' | 'nothing' = 'dictionary';
  for (;;) {
    const control = byteAt(bytes, place.at);
    place.at += 1;
    if (control === 0) return;
    const resets = control >= 0xe0 || control === 1;
    if (resets) decoder.resetDictionary();
    else if (needs === 'dictionary') throw damaged('a first chunk without reset');
    if (control < 0x80) {
      if (control > 2) throw damaged('a wrong chunk');
      if (resets) needs = 'properties';
      yield* storeChunk(bytes, place, decoder);
      continue;
    }
    if (control < 0xc0 && needs !== 'nothing') throw damaged('a chunk without properties');
    needs = 'nothing';
    yield* decodeChunk(bytes, place, { decoder, control });
  }
}

function* storeChunk(
  bytes: Buffer,
  place: Place,
  decoder: LzmaDecoder,
): Generator<Buffer, void, undefined> {
  const size = byteAt(bytes, place.at) * 256 + byteAt(bytes, place.at + 1) + 1;
  place.at += 2;
  if (place.at + size > bytes.length) throw damaged('it ends too early');
  let chunk = bytes.subarray(place.at, place.at + size);
  yield Buffer.from(chunk);
  while (chunk.length > 0) chunk = chunk.subarray(decoder.store(chunk));
  place.at += size;
}

function* decodeChunk(
  bytes: Buffer,
  place: Place,
  { decoder, control }: { decoder: LzmaDecoder; control: number },
): Generator<Buffer, void, undefined> {
  const two = (at: number): number => byteAt(bytes, at) * 256 + byteAt(bytes, at + 1);
  let left = (control & 0x1f) * 65_536 + two(place.at) + 1;
  const packed = two(place.at + 2) + 1;
  place.at += 4;
  if (control >= 0xc0) {
    decoder.setProperties(byteAt(bytes, place.at));
    place.at += 1;
  } else if (control >= 0xa0) decoder.resetState();
  decoder.setInput(bytes, place.at, place.at + packed);
  while (left > 0) {
    const piece = decoder.decode(left);
    if (piece.length === 0) throw damaged('an end in the middle');
    left -= piece.length;
    yield piece;
  }
  place.at += packed;
}

function skipIndex(bytes: Buffer, place: Place): void {
  const start = place.at;
  place.at += 1;
  const records = readNumber(bytes, place);
  // Each record has at least two bytes, so that this ends with the bytes.
  for (let record = 0; record < records; record += 1) {
    readNumber(bytes, place);
    readNumber(bytes, place);
  }
  place.at += padding(place.at - start) + 4;
}
