/**
 * The decoder of LZMA, after the specification that Igor Pavlov put into the public domain
 * (lzma-specification.txt). The caller gives it a dictionary of a size that it allows.
 */
import { DecodeError } from './decode-error.ts';

const even = 1 << 10;
/** Where the parts of a length's probabilities begin: two choices, then three groups of trees. */
const middleLengths = 2 + 128;
const highLengths = 2 + 256;
/** Where the parts of the repetitions' probabilities begin, by state. */
const repOne = 12;
const repTwo = 24;
const repThree = 36;
const repLong = 48;
/** Offsets of the distance probabilities, after four trees of 64 slots. */
const distanceBits = 256;
const alignBits = 384;

function damaged(message: string): DecodeError {
  return new DecodeError('damaged', `lzma: ${message}`);
}

export class LzmaDecoder {
  readonly #window: Buffer;
  #at = 0;
  /** Bytes since the dictionary was reset: no match reaches back further. */
  #known = 0;
  #input: Uint8Array = new Uint8Array();
  #next = 0;
  #end = 0;
  /** Range and code; an array, because they have 32 bits without a sign. */
  readonly #coder = new Uint32Array(2);
  #state = 0;
  readonly #reps = new Uint32Array(4);
  #lc = 0;
  #literalMask = 0;
  #positionMask = 0;
  readonly #isMatch = new Uint16Array(12 * 16);
  readonly #isRep = new Uint16Array(repLong + 12 * 16);
  readonly #distances = new Uint16Array(alignBits + 16);
  readonly #lengths = new Uint16Array(highLengths + 256);
  readonly #repLengths = new Uint16Array(highLengths + 256);
  #literals = new Uint16Array();
  /** The rest of a match that did not fit into the piece. */
  #pending = 0;
  #hasEnded = false;
  #failure: DecodeError | undefined;

  constructor(dictionaryBytes: number) {
    // Not filled: no match may reach bytes that were not written.
    this.#window = Buffer.allocUnsafeSlow(Math.max(dictionaryBytes, 4_096));
  }

  /** Whether the stream's own end mark was read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Applies the properties byte and resets the state. */
  setProperties(byte: number): void {
    if (byte >= 225) throw damaged('wrong properties');
    const lp = Math.floor(byte / 9) % 5;
    this.#lc = byte % 9;
    this.#literalMask = (1 << lp) - 1;
    this.#positionMask = (1 << Math.floor(byte / 45)) - 1;
    this.#literals = new Uint16Array(0x300 << (this.#lc + lp));
    this.resetState();
  }

  resetState(): void {
    this.#state = 0;
    this.#pending = 0;
    this.#reps.fill(0);
    const learnt = [this.#isMatch, this.#isRep, this.#distances, this.#lengths, this.#repLengths];
    for (const odds of [...learnt, this.#literals]) odds.fill(even);
  }

  resetDictionary(): void {
    this.#known = 0;
  }

  /** Starts the range decoder at `from`; it may not read beyond `end`. */
  setInput(input: Uint8Array, from: number, end: number): void {
    if (end > input.length || from + 5 > end) throw damaged('it ends too early');
    if (input[from] !== 0) throw damaged('a wrong first byte');
    this.#input = input;
    this.#end = end;
    this.#next = from + 1;
    this.#coder[0] = 0xffffffff;
    for (let count = 0; count < 4; count += 1) this.#shiftIn();
  }

  /** Copies uncompressed bytes and returns how many fit. */
  store(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#window.length - this.#at);
    this.#window.set(bytes.subarray(0, count), this.#at);
    this.#at += count;
    this.#known += count;
    if (this.#at === this.#window.length) this.#at = 0;
    return count;
  }

  /** The next bytes, at most `maxBytes`, as a copy; none only at the stream's end mark. */
  decode(maxBytes: number): Buffer {
    const start = this.#at;
    const limit = Math.min(start + maxBytes, this.#window.length);
    if (this.#failure !== undefined) throw this.#failure;
    try {
      while (this.#at < limit && !this.#hasEnded) {
        if (this.#pending > 0) this.#copy(limit);
        else this.#readNext();
      }
    } catch (error) {
      // Content before the damage is returned first.
      if (!(error instanceof DecodeError) || this.#at === start) throw error;
      this.#failure = error;
    }
    const piece = Buffer.from(this.#window.subarray(start, this.#at));
    if (this.#at === this.#window.length) this.#at = 0;
    return piece;
  }

  #readNext(): void {
    const position = this.#known & this.#positionMask;
    const state = this.#state;
    if (this.#bit(this.#isMatch, (state << 4) + position) === 0) return this.#readLiteral();
    if (this.#bit(this.#isRep, state) === 0) {
      this.#reps.copyWithin(1, 0, 3);
      const length = this.#readLength(this.#lengths, position);
      this.#state = state < 7 ? 7 : 10;
      this.#reps[0] = this.#readDistance(length);
      if (this.#reps[0] === 0xffffffff) this.#hasEnded = true;
      else this.#startMatch(length);
      return;
    }
    if (this.#bit(this.#isRep, repOne + state) === 0) {
      if (this.#bit(this.#isRep, repLong + (state << 4) + position) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return this.#startMatch(1);
      }
    } else this.#chooseRep(state);
    const length = this.#readLength(this.#repLengths, position);
    this.#state = state < 7 ? 8 : 11;
    this.#startMatch(length);
  }

  #chooseRep(state: number): void {
    const reps = this.#reps;
    let from = 1;
    if (this.#bit(this.#isRep, repTwo + state) === 1) {
      from = 2 + this.#bit(this.#isRep, repThree + state);
    }
    const distance = reps[from] ?? 0;
    reps.copyWithin(1, 0, from);
    reps[0] = distance;
  }

  #startMatch(length: number): void {
    const distance = this.#reps[0] ?? 0;
    if (distance >= this.#known || distance >= this.#window.length) {
      throw damaged('a match refers to bytes before the beginning');
    }
    this.#pending = length;
  }

  #copy(limit: number): void {
    const window = this.#window;
    const count = Math.min(this.#pending, limit - this.#at);
    let from = this.#at - (this.#reps[0] ?? 0) - 1;
    if (from < 0) from += window.length;
    for (let left = count; left > 0; left -= 1) {
      window[this.#at++] = window[from++] ?? 0;
      if (from === window.length) from = 0;
    }
    this.#known += count;
    this.#pending -= count;
  }

  #readLiteral(): void {
    const window = this.#window;
    const at = this.#at;
    const before = this.#known === 0 ? 0 : (window[(at === 0 ? window.length : at) - 1] ?? 0);
    const place = ((this.#known & this.#literalMask) << this.#lc) + (before >> (8 - this.#lc));
    const base = 0x300 * place;
    let symbol = 1;
    if (this.#state >= 7) {
      let from = at - (this.#reps[0] ?? 0) - 1;
      if (from < 0) from += window.length;
      let match = window[from] ?? 0;
      while (symbol < 0x100) {
        const hint = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(this.#literals, base + ((1 + hint) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (hint !== bit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, base + symbol);
    window[at] = symbol;
    this.#at = at + 1;
    this.#known += 1;
    const state = this.#state;
    this.#state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  #readLength(odds: Uint16Array, position: number): number {
    if (this.#bit(odds, 0) === 0) return 2 + this.#tree(odds, 2 + position * 8, 3);
    if (this.#bit(odds, 1) === 0) return 10 + this.#tree(odds, middleLengths + position * 8, 3);
    return 18 + this.#tree(odds, highLengths, 8);
  }

  #readDistance(length: number): number {
    const slot = this.#tree(this.#distances, Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1;
    const distance = ((2 | (slot & 1)) << count) >>> 0;
    if (slot < 14) return distance + this.#reverseTree(distanceBits + distance - slot, count);
    const direct = this.#directBits(count - 4) * 16;
    return (distance + direct + this.#reverseTree(alignBits, 4)) >>> 0;
  }

  #tree(odds: Uint16Array, base: number, count: number): number {
    let symbol = 1;
    for (let left = count; left > 0; left -= 1) {
      symbol = (symbol << 1) | this.#bit(odds, base + symbol);
    }
    return symbol - (1 << count);
  }

  #reverseTree(base: number, count: number): number {
    let symbol = 1;
    let value = 0;
    for (let place = 0; place < count; place += 1) {
      const bit = this.#bit(this.#distances, base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << place;
    }
    return value;
  }

  #directBits(count: number): number {
    const coder = this.#coder;
    let value = 0;
    for (let left = count; left > 0; left -= 1) {
      const range = (coder[0] ?? 0) >>> 1;
      const code = coder[1] ?? 0;
      const bit = code >= range ? 1 : 0;
      coder[0] = range;
      if (bit === 1) coder[1] = code - range;
      value = value * 2 + bit;
      if (range < 0x1000000) {
        coder[0] = range << 8;
        this.#shiftIn();
      }
    }
    return value;
  }

  #bit(odds: Uint16Array, index: number): 0 | 1 {
    const coder = this.#coder;
    const odd = odds[index] ?? 0;
    const code = coder[1] ?? 0;
    let range = coder[0] ?? 0;
    const bound = (range >>> 11) * odd;
    let bit: 0 | 1 = 0;
    if (code < bound) {
      range = bound;
      odds[index] = odd + ((2_048 - odd) >> 5);
    } else {
      bit = 1;
      range -= bound;
      coder[1] = code - bound;
      odds[index] = odd - (odd >> 5);
    }
    coder[0] = range;
    if (range < 0x1000000) {
      coder[0] = range << 8;
      this.#shiftIn();
    }
    return bit;
  }

  #shiftIn(): void {
    if (this.#next >= this.#end) throw damaged('it ends too early');
    this.#coder[1] = ((this.#coder[1] ?? 0) << 8) | (this.#input[this.#next] ?? 0);
    this.#next += 1;
  }
}
