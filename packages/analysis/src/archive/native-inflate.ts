/**
 * gzip by ISA-L (libisal 2), if installed: twice the speed of zlib, in this thread and in reused
 * memory, so that a layer costs neither threads nor page faults. Called
 * through koffi, with nothing to compile. Tests compare its output with that of zlib.
 *
 * The structure of the library is defined in `igzip_lib.h` of version 2.30; the fields used here
 * have the offsets below on every system with 64-bit pointers. A library with another layout fails
 * the self-test at loading and is not used.
 */
import { gzipSync } from 'node:zlib';

/** A stream of gzip that cannot be inflated further; what came before it was returned. */
export class InflateError extends Error {
  override readonly name = 'InflateError';
}

export interface NativeInflate {
  /**
   * Inflates members of gzip one after another, as zlib does: zeros after a member end the stream,
   * anything else that is not a member is damage. A chunk is valid until the next one is requested.
   * Throws InflateError, after it yielded everything up to the damage, and the errors of the
   * stream.
   */
  gunzip(stored: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

let loading: Promise<NativeInflate | undefined> | undefined;

/** Undefined if the library is not installed or has an unknown layout. */
export function nativeInflate(): Promise<NativeInflate | undefined> {
  loading ??= load();
  return loading;
}

const libraryName = 'libisal.so.2';
/** Fits the second-level cache of a core, where the next reader of the chunk finds it. */
const chunkBytes = 1024 * 1024;
/** Chunks in a row without waiting for anything, before it yields to the event loop. */
const chunksPerTurn = 32;

/** Fields of `struct inflate_state`, in bytes; the rest is private to the library. */
const field = {
  nextOut: 0,
  availOut: 8,
  nextIn: 16,
  availIn: 32,
  blockState: 21_160,
  crcFlag: 21_172,
} as const;
/** More than the structure has in any release of version 2. */
const stateBytes = 256 * 1024;
/** `ISAL_GZIP`: header, checksum and length are read and checked. */
const gzipFlag = 1;
/** `ISAL_BLOCK_FINISH`. */
const finished = 5;

/** Of a member's header: where its flags stand, and those that mean nothing yet. */
const flagsPlace = 3;
const reservedFlags = 0xe0;

/** Return codes of `isal_inflate`, with the messages of zlib where it has them. */
const faults: Readonly<Record<number, string>> = {
  [-1]: 'invalid block type',
  [-2]: 'invalid code',
  [-3]: 'invalid distance too far back',
  [-4]: 'incorrect header check',
  [-5]: 'unknown compression method',
  [-6]: 'incorrect data check',
};

interface Library {
  readonly init: (state: Buffer) => void;
  readonly inflate: (state: Buffer) => number;
  readonly address: (bytes: Uint8Array) => bigint;
}

async function load(): Promise<NativeInflate | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const native = koffi.load(libraryName);
    const library: Library = {
      init: native.func('void isal_inflate_init(void *state)') as Library['init'],
      inflate: native.func('int isal_inflate(void *state)') as Library['inflate'],
      address: (bytes) => koffi.address(bytes),
    };
    const inflate: NativeInflate = { gunzip: (stored) => gunzip(stored, library) };
    return (await isValid(inflate)) ? inflate : undefined;
  } catch {
    // no such library, or no build of koffi for this system: zlib does it
    return undefined;
  }
}

/** Tests a stream of two members in small pieces before the library gets untrusted input. */
async function isValid(inflate: NativeInflate): Promise<boolean> {
  const plain = Buffer.from('quarantine '.repeat(20_000));
  const stored = Buffer.concat([gzipSync(plain), gzipSync(plain.subarray(7))]);
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < stored.length; at += 100) yield stored.subarray(at, at + 100);
  }
  const given: Buffer[] = [];
  for await (const chunk of inflate.gunzip(pieces())) given.push(Buffer.from(chunk));
  return Buffer.concat(given).equals(Buffer.concat([plain, plain.subarray(7)]));
}

async function* gunzip(
  stored: AsyncIterable<Uint8Array>,
  library: Library,
): AsyncGenerator<Uint8Array, void, undefined> {
  const out = Buffer.allocUnsafeSlow(chunkBytes);
  const member = new Member(library, out);
  let turn = 0;
  for await (const piece of stored) {
    member.feed(piece);
    for (;;) {
      const fault = member.step();
      if (member.isFull || fault !== undefined) {
        if (member.usedBytes > 0) yield member.take();
        turn += 1;
        if (turn % chunksPerTurn === 0) await othersTurn();
      }
      if (fault === 'padding') return;
      if (fault !== undefined) throw new InflateError(fault);
      if (member.wantsInput) break;
    }
  }
  if (member.usedBytes > 0) yield member.take();
  if (!member.isWhole) throw new InflateError('unexpected end of file');
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** One state of the library, for the members of a stream in turn. */
class Member {
  readonly #library: Library;
  readonly #state = Buffer.alloc(stateBytes);
  readonly #out: Buffer;
  #piece: Uint8Array = Buffer.alloc(0);
  #began = false;
  /** The current member's header, up to its flags. */
  #headBytes = 0;

  constructor(library: Library, out: Buffer) {
    this.#library = library;
    this.#out = out;
    this.#begin();
    this.#freshOutput();
  }

  /** Bytes of the current chunk. */
  get usedBytes(): number {
    return this.#out.length - this.#state.readUInt32LE(field.availOut);
  }

  get isFull(): boolean {
    return this.usedBytes === this.#out.length;
  }

  /** Whether the library has consumed all input and returned all output. */
  get wantsInput(): boolean {
    return this.#availIn === 0 && !this.isFull;
  }

  /** Whether the last member ended. */
  get isWhole(): boolean {
    return this.#began && this.#isFinished;
  }

  feed(piece: Uint8Array): void {
    this.#piece = piece;
    this.#state.writeBigUInt64LE(this.#library.address(piece), field.nextIn);
    this.#state.writeUInt32LE(piece.length, field.availIn);
  }

  /** Continues until the piece is read or the chunk is full; returns what ends the stream. */
  step(): string | undefined {
    if (this.#isFinished && this.#availIn > 0) {
      if (this.#piece[this.#piece.length - this.#availIn] === 0) return 'padding';
      this.#begin();
    }
    if (this.#isFinished) return undefined;
    if (this.#availIn > 0) this.#began = true;
    if (this.#hasReservedFlags()) return 'unknown header flags set';
    const before = this.#availIn - this.usedBytes;
    const code = this.#library.inflate(this.#state);
    if (code < 0) return faults[code] ?? 'invalid stored data';
    // No progress with input and output space available would be an endless loop.
    const stuck = before === this.#availIn - this.usedBytes && this.#availIn > 0 && !this.isFull;
    return stuck && !this.#isFinished ? 'invalid stored data' : undefined;
  }

  /** RFC 1952 has a reader refuse them, for they may mean that the header is longer. */
  #hasReservedFlags(): boolean {
    const place = flagsPlace - this.#headBytes;
    if (place < 0) return false;
    const available = this.#availIn;
    this.#headBytes += Math.min(available, place + 1);
    const flags = this.#piece[this.#piece.length - available + place];
    return place < available && flags !== undefined && (flags & reservedFlags) !== 0;
  }

  take(): Uint8Array {
    const chunk = this.#out.subarray(0, this.usedBytes);
    this.#freshOutput();
    return chunk;
  }

  get #availIn(): number {
    return this.#state.readUInt32LE(field.availIn);
  }

  get #isFinished(): boolean {
    return this.#state.readInt32LE(field.blockState) === finished;
  }

  /** A new member in the rest of the piece. */
  #begin(): void {
    const left = this.#availIn;
    const rest = this.#state.readBigUInt64LE(field.nextIn);
    const usedBytes = this.usedBytes;
    this.#headBytes = 0;
    this.#library.init(this.#state);
    this.#state.writeUInt32LE(gzipFlag, field.crcFlag);
    this.#state.writeUInt32LE(left, field.availIn);
    this.#state.writeBigUInt64LE(rest, field.nextIn);
    this.#pointOutput(usedBytes);
  }

  #freshOutput(): void {
    this.#pointOutput(0);
  }

  #pointOutput(usedBytes: number): void {
    const address = this.#library.address(this.#out) + BigInt(usedBytes);
    this.#state.writeBigUInt64LE(address, field.nextOut);
    this.#state.writeUInt32LE(this.#out.length - usedBytes, field.availOut);
  }
}
