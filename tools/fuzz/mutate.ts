/** Creates an input from others with a few small mutations. */
import type { Random } from './random.ts';

export interface Material {
  readonly random: Random;
  /** Tokens of the format: magic bytes, keys, numbers. */
  readonly words: readonly Buffer[];
  /** Another input, for splices. */
  readonly other: () => Buffer;
  readonly maxBytes: number;
}

type Change = (bytes: Buffer, material: Material) => Buffer;

export function mutate(bytes: Buffer, material: Material): Buffer {
  const { random, maxBytes } = material;
  let changed: Buffer = Buffer.from(bytes);
  for (let left = 1 << random.below(4); left > 0; left -= 1) {
    const change = changed.length === 0 ? insertWord : random.pick(changes);
    changed = change(changed, material).subarray(0, maxBytes);
  }
  return changed;
}

/** Returns an input of a given size, with a part of it repeated. */
export function inflate(bytes: Buffer, { random }: Material): (sizeBytes: number) => Buffer {
  const from = random.below(bytes.length);
  const piece = bytes.subarray(from, from + random.length(Math.min(bytes.length - from, 512)));
  const [head, tail] = [bytes.subarray(0, from), bytes.subarray(from)];
  return (sizeBytes) => {
    const room = Math.max(0, sizeBytes - bytes.length);
    return Buffer.concat([head, Buffer.alloc(room - (room % piece.length), piece), tail]);
  };
}

const flipBit: Change = (bytes, { random }) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Change = (bytes, { random }) => {
  const at = random.below(bytes.length);
  bytes[at] = random.below(2) === 0 ? random.below(256) : random.pick([0, 1, 0x7f, 0x80, 0xff]);
  return bytes;
};

const widths = [1, 2, 4, 8] as const;
const addends = [1, -1, 2, -2, 16, -16, 255, -255] as const;

/** Adds to a number of 1, 2, 4 or 8 bytes in either order. */
const addToNumber: Change = (bytes, { random }) => {
  const width = random.pick(widths);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const isLittle = random.below(2) === 0;
  const value = readNumber(bytes, { at, width, isLittle }) + BigInt(random.pick(addends));
  writeNumber(bytes, value, { at, width, isLittle });
  return bytes;
};

const interesting = [
  ...[0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x1_0000n],
  ...[0x7fff_ffffn, 0x8000_0000n, 0xffff_fff0n, 0xffff_ffffn, 0x1_0000_0000n],
  ...[0x1f_ffff_ffff_ffffn, 0x20_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, -1n],
] as const;

const setNumber: Change = (bytes, { random }) => {
  const width = random.pick(widths);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  // Numbers near the length of the input reveal off-by-one errors.
  const near = BigInt(bytes.length - at + random.below(5) - 2);
  const value = random.below(4) === 0 ? near : random.pick(interesting);
  writeNumber(bytes, value, { at, width, isLittle: random.below(2) === 0 });
  return bytes;
};

const texts = ['0', '-1', '1e999', '007', '99999999999999999999', '2147483648', '4294967296'];

/** Writes another number over digits. */
const setDigits: Change = (bytes, { random }) => {
  const start = random.below(bytes.length);
  let at = start;
  while (at < bytes.length && at < start + 256 && !isDigit(bytes[at])) at += 1;
  let end = at;
  while (end < bytes.length && end < at + 32 && isDigit(bytes[end])) end += 1;
  if (at === end) return bytes;
  const text = random.below(2) === 0 ? random.pick(texts) : String(random.below(100_000));
  return replace(bytes, { at, end, by: Buffer.from(text ?? '') });
};

const removeBlock: Change = (bytes, { random }) => {
  const at = random.below(bytes.length);
  return replace(bytes, { at, end: at + random.length(bytes.length - at), by: Buffer.alloc(0) });
};

/** Copies a block to another offset, overwriting or inserting. */
const copyBlock: Change = (bytes, { random }) => {
  const from = random.below(bytes.length);
  const block = Buffer.from(bytes.subarray(from, from + random.length(bytes.length - from)));
  const at = random.below(bytes.length + 1);
  const end = random.below(2) === 0 ? at : at + block.length;
  return replace(bytes, { at, end, by: block });
};

const repeatBlock: Change = (bytes, { random }) => {
  const from = random.below(bytes.length);
  const block = bytes.subarray(from, from + random.length(bytes.length - from));
  const times = Math.min(1 << (1 + random.below(8)), Math.ceil(16_384 / block.length));
  return replace(bytes, { at: from, end: from, by: Buffer.alloc(block.length * times, block) });
};

const insertNoise: Change = (bytes, { random }) => {
  const at = random.below(bytes.length + 1);
  const noise = Buffer.alloc(random.length(64), random.below(256));
  if (random.below(2) === 0) for (let i = 0; i < noise.length; i += 1) noise[i] = random.below(256);
  return replace(bytes, { at, end: at, by: noise });
};

const insertWord: Change = (bytes, { random, words }) => {
  const word = random.pick(words) ?? Buffer.from([random.below(256)]);
  const at = random.below(bytes.length + 1);
  const end = random.below(2) === 0 ? at : at + word.length;
  return replace(bytes, { at, end, by: word });
};

const splice: Change = (bytes, { random, other }) => {
  const second = other();
  const end = random.below(bytes.length + 1);
  const from = random.below(second.length + 1);
  if (random.below(2) === 0) return Buffer.concat([bytes.subarray(0, end), second.subarray(from)]);
  const block = second.subarray(from, from + random.length(second.length - from));
  return replace(bytes, { at: end, end, by: block });
};

const truncate: Change = (bytes, { random }) => bytes.subarray(0, random.below(bytes.length + 1));

const changes: readonly [Change, ...Change[]] = [
  ...([flipBit, setByte, setByte, addToNumber, addToNumber, setNumber, setNumber] as const),
  ...([setDigits, removeBlock, copyBlock, repeatBlock, insertNoise, truncate] as const),
  ...([insertWord, insertWord, insertWord, splice, splice] as const),
];

interface Span {
  readonly at: number;
  readonly end: number;
  readonly by: Buffer;
}

function replace(bytes: Buffer, { at, end, by }: Span): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(end)]);
}

interface NumberPlace {
  readonly at: number;
  readonly width: 1 | 2 | 4 | 8;
  readonly isLittle: boolean;
}

function readNumber(bytes: Buffer, { at, width, isLittle }: NumberPlace): bigint {
  let value = 0n;
  for (let i = 0; i < width; i += 1) {
    value = (value << 8n) | BigInt(bytes[at + (isLittle ? width - 1 - i : i)] ?? 0);
  }
  return value;
}

function writeNumber(bytes: Buffer, value: bigint, { at, width, isLittle }: NumberPlace): void {
  let rest = BigInt.asUintN(64, value);
  for (let i = 0; i < width; i += 1) {
    bytes[at + (isLittle ? i : width - 1 - i)] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
