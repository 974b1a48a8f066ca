/**
 * ssdeep, a digest of context-triggered pieces: a rolling hash over seven bytes decides where a
 * piece ends, and each piece gives six bits. Source: Kornblum, "Identifying almost identical files
 * using context triggered piecewise hashing" (2006); where program and paper differ this follows
 * ssdeep 2.14. All block sizes are made in one pass. A digest indicates similarity, never identity.
 */
import { shortenRuns } from './ssdeep-score.ts';

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const digestLetters = 64;
const halfLetters = digestLetters / 2;
const minBlock = 3;
const maxSizes = 31;
/** Shorter content yields letters too, but no significant similarity. */
const minBytes = 64;
const window = 7;
/** Low six bits of the initial value 0x28021967; no others reach the digest. */
const initial = 0x27;
/** One step of the piece hash, `(hash * 0x01000193) ^ byte`: its low six bits, indexed by both. */
const pieceStep = Uint8Array.from({ length: 4_096 }, (_, at) => (((at >> 6) * 0x13) ^ at) & 0x3f);

/** The digests of all block sizes that are still possible, and the rolling hash. */
interface Pieces {
  readonly hashes: Uint8Array;
  /** As `hashes`, for the second half of a digest, which has half the letters. */
  readonly halfHashes: Uint8Array;
  readonly counts: Uint8Array;
  readonly letters: Uint8Array;
  readonly halfLetters: Uint8Array;
  /** Block sizes `minBlock << first` to below `minBlock << end` are made. */
  first: number;
  end: number;
  readonly endLimit: number;
  readonly sizeBytes: number;
  reduceAbove: number;
  rolled: number;
}

/**
 * The digest as printed by ssdeep 2.14: `block size:letters:letters`. Undefined when there are too
 * few pieces to compare: empty, tiny and uniform content.
 */
export function ssdeep(bytes: Uint8Array): string | undefined {
  if (bytes.length < minBytes) return undefined;
  const text = ssdeepText(bytes);
  const [, first = '', second = ''] = text.split(':');
  const isComparable = [first, second].some((each) => shortenRuns(each).length >= window);
  return isComparable ? text : undefined;
}

/** The output of ssdeep for any content, even when it is not comparable. */
export function ssdeepText(bytes: Uint8Array): string {
  const pieces = startPieces(bytes.length);
  splitPieces(bytes, pieces);
  return printPieces(pieces);
}

function startPieces(sizeBytes: number): Pieces {
  let guess = 0;
  while ((minBlock << guess) * digestLetters < sizeBytes && guess < maxSizes - 2) guess += 1;
  return {
    hashes: new Uint8Array(maxSizes).fill(initial),
    halfHashes: new Uint8Array(maxSizes).fill(initial),
    counts: new Uint8Array(maxSizes),
    letters: new Uint8Array(maxSizes * digestLetters),
    halfLetters: new Uint8Array(maxSizes),
    first: 0,
    end: 1,
    endLimit: guess + 1,
    sizeBytes,
    reduceAbove: minBlock * digestLetters,
    rolled: 0,
  };
}

// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function splitPieces(bytes: Uint8Array, pieces: Pieces): void {
  const { hashes, halfHashes } = pieces;
  const step = pieceStep;
  let [sum, weighted, shifted] = [0, 0, 0];
  let mask = (1 << pieces.first) - 1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const leaving = at < window ? 0 : (bytes[at - window] ?? 0);
    weighted = (weighted - sum + window * byte) | 0;
    sum += byte - leaving;
    shifted = (shifted << 5) ^ byte;
    const low = byte & 0x3f;
    const { end } = pieces;
    for (let size = pieces.first; size < end; size += 1) {
      hashes[size] = step[((hashes[size] ?? 0) << 6) | low] ?? 0;
      halfHashes[size] = step[((halfHashes[size] ?? 0) << 6) | low] ?? 0;
    }
    // Division by 3 through multiplication with its inverse; other values result in larger numbers.
    const third = Math.imul(sum + weighted + shifted + 1, 0xaaaa_aaab) >>> 0;
    if (third > 0x5555_5555 || (third & mask) !== 0 || third === 0) continue;
    endPieces(pieces, third);
    mask = (1 << pieces.first) - 1;
  }
  pieces.rolled = (sum + weighted + shifted) >>> 0;
}

/** A piece ends here for every block size of which the window's hash is a multiple less one. */
function endPieces(pieces: Pieces, third: number): void {
  const { counts, hashes, halfHashes } = pieces;
  let size = pieces.first;
  for (let rest = third >>> size; size < pieces.end; rest >>>= 1, size += 1) {
    const count = counts[size] ?? 0;
    if (count === 0) forkSize(pieces);
    pieces.letters[size * digestLetters + count] = alphabet[hashes[size] ?? 0] ?? 0;
    pieces.halfLetters[size] = alphabet[halfHashes[size] ?? 0] ?? 0;
    if (count < digestLetters - 1) {
      counts[size] = count + 1;
      hashes[size] = initial;
      if (count + 1 < halfLetters) {
        halfHashes[size] = initial;
        pieces.halfLetters[size] = 0;
      }
    } else dropSize(pieces);
    if ((rest & 1) === 1) break;
  }
}

/** The next block size starts with the first piece of the previous one. */
function forkSize(pieces: Pieces): void {
  const { end, hashes, halfHashes } = pieces;
  if (end >= Math.min(pieces.endLimit + 1, maxSizes)) return;
  hashes[end] = hashes[end - 1] ?? initial;
  halfHashes[end] = halfHashes[end - 1] ?? initial;
  pieces.end = end + 1;
}

/** The smallest block size is dropped when it can no longer be the one that is printed. */
function dropSize(pieces: Pieces): void {
  if (pieces.end - pieces.first < 2 || pieces.reduceAbove >= pieces.sizeBytes) return;
  if ((pieces.counts[pieces.first + 1] ?? 0) < halfLetters) return;
  pieces.first += 1;
  pieces.reduceAbove *= 2;
}

// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function printPieces(pieces: Pieces): string {
  const { counts, hashes, halfHashes, letters, rolled } = pieces;
  let size = pieces.first;
  while ((minBlock << size) * digestLetters < pieces.sizeBytes && size < maxSizes - 1) size += 1;
  size = Math.min(size, pieces.end - 1);
  while (size > pieces.first && (counts[size] ?? 0) < halfLetters) size -= 1;
  const text = (of: number, count: number): string =>
    Buffer.from(letters.subarray(of * digestLetters, of * digestLetters + count)).toString();
  const letter = (code = 0): string => (code === 0 ? '' : String.fromCharCode(code));
  const count = counts[size] ?? 0;
  const first =
    text(size, count) +
    letter(rolled === 0 ? letters[size * digestLetters + count] : alphabet[hashes[size] ?? 0]);
  const next = size + 1;
  let second = '';
  if (next < pieces.end) {
    second =
      text(next, Math.min(counts[next] ?? 0, halfLetters - 1)) +
      letter(rolled === 0 ? pieces.halfLetters[next] : alphabet[halfHashes[next] ?? 0]);
  } else if (rolled !== 0) second = letter(alphabet[hashes[size] ?? 0]);
  return `${minBlock << size}:${first}:${second}`;
}
