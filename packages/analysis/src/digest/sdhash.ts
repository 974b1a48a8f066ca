/**
 * sdhash, a digest of features: the 64-byte sequences with the rarest entropy in their
 * surroundings, each stored as five bits of a Bloom filter by its SHA-1. Source: Roussev, "Data
 * Fingerprinting with Similarity Digests" (2010), and the stream form `sdbf:03` that sdhash 3.x
 * writes. Content between the features is ignored, so a digest indicates similarity, never
 * identity.
 */

import { digestLimits } from './limits.ts';
import { entropyRanks } from './sdhash-ranks.ts';
import { sha1Words } from './sha1-window.ts';

const minBytes = 512;
const window = 64;
const filterBytes = 256;
const filterBits = 0x7ff;
const filterFeatures = 160;
/** Fewer features in total are not significant. */
const minFeatures = 16;
/** A sequence must be the rarest of its surroundings at more positions than this. */
const threshold = 16;
const entropyScale = 1_000 * 1_024;
/** The running entropy is recomputed at every multiple of this. */
const freshEvery = 4_096;
/** Share of each number of equal bytes among 64 in the entropy, `entropyScale` the most. */
const shares = Int32Array.from({ length: 65 }, (_, count) =>
  count === 0
    ? 0
    : Math.trunc(((-count / 64) * (Math.log(count / 64) / Math.LN2) * entropyScale) / 6),
);

/**
 * The digest as text, or undefined for less than 512 bytes, more than `similarityFileBytes`, and
 * content with less than 16 features. `name` is stored in it but not compared.
 */
export function sdhash(bytes: Uint8Array, name = ''): string | undefined {
  if (bytes.length < minBytes || bytes.length > digestLimits.similarityFileBytes) return undefined;
  const filters = fillFilters(bytes, scorePositions(rankPositions(bytes)));
  let { count, last } = filters;
  if (count === 1 && last < minFeatures) return undefined;
  if (count > 1 && last < filterFeatures / 8) {
    count -= 1;
    last = filterFeatures;
  }
  const head = ['sdbf', '03', Buffer.byteLength(name), name, bytes.length, 'sha1', filterBytes, 5];
  const tail = [filterBits.toString(16), filterFeatures, count, last];
  const body = filters.bytes.toString('base64', 0, count * filterBytes);
  return `${[...head, ...tail].join(':')}:${body}`;
}

/** The rank of the 64 bytes that start at each position. */
// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function rankPositions(bytes: Uint8Array): Uint16Array {
  const ranks = new Uint16Array(bytes.length + 1);
  const counts = new Uint8Array(256);
  const table = entropyRanks;
  let entropy = 0;
  for (let at = 0; at < bytes.length - window; at += 1) {
    if (at % freshEvery === 0) {
      entropy = sumEntropy(bytes, at, counts);
    } else {
      const left = bytes[at - 1] ?? 0;
      const entered = bytes[at + window - 1] ?? 0;
      if (left !== entered) {
        const had = counts[left] ?? 0;
        const has = counts[entered] ?? 0;
        counts[left] = had - 1;
        counts[entered] = has + 1;
        const change = (shares[had - 1] ?? 0) - (shares[had] ?? 0);
        entropy += change + (shares[has + 1] ?? 0) - (shares[has] ?? 0);
        entropy = entropy < 0 ? 0 : entropy > entropyScale ? entropyScale : entropy;
      }
    }
    ranks[at] = table[entropy >> 10] ?? 0;
  }
  return ranks;
}

function sumEntropy(bytes: Uint8Array, at: number, counts: Uint8Array): number {
  counts.fill(0);
  for (let i = at; i < at + window; i += 1) {
    const byte = bytes[i] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  return counts.reduce((sum, count) => sum + (shares[count] ?? 0), 0);
}

/** How often each position has the lowest rank of a window that slides over all. */
// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function scorePositions(ranks: Uint16Array): Uint8Array {
  const length = ranks.length - 1;
  const scores = new Uint8Array(length + 1);
  const end = length - window;
  const queue = new LowestQueue(ranks);
  let lowAt = 0;
  let low = ranks[0] ?? 0;
  for (let at = 0; at < end; at += 1) {
    if (at > 0 && low > 0) {
      // The lowest is still inside, and what enters is not lower.
      while (at < lowAt && at < end + 1 && (ranks[at + window] ?? 0) >= low) {
        if (ranks[at + window] === low) lowAt = at + window;
        scores[lowAt] = (scores[lowAt] ?? 0) + 1;
        at += 1;
      }
    }
    low = ranks[at] ?? 0;
    // Nothing is lower than 0, which never scores.
    if (low === 0) continue;
    lowAt = queue.lowestFrom(at);
    low = ranks[lowAt] ?? 0;
    // Of equal adjacent ones the last counts.
    while (lowAt + 1 < at + window && ranks[lowAt + 1] === low) lowAt += 1;
    scores[lowAt] = (scores[lowAt] ?? 0) + 1;
  }
  return scores;
}

/** The first of the lowest ranks, except 0, of windows with increasing start positions. */
class LowestQueue {
  readonly #ranks: Uint16Array;
  /**
   * Positions with increasing ranks: each is the lowest once the previous ones leave the window.
   */
  readonly #ring = new Int32Array(window);
  #head = 0;
  #tail = 0;
  #entered = 0;

  constructor(ranks: Uint16Array) {
    this.#ranks = ranks;
  }

  lowestFrom(at: number): number {
    const ranks = this.#ranks;
    const ring = this.#ring;
    let [head, tail] = [this.#head, this.#tail];
    while (head < tail && (ring[head & 63] ?? 0) < at) head += 1;
    for (let next = Math.max(this.#entered, at); next < at + window; next += 1) {
      const rank = ranks[next] ?? 0;
      if (rank === 0) continue;
      while (tail > head && (ranks[ring[(tail - 1) & 63] ?? 0] ?? 0) > rank) tail -= 1;
      ring[tail & 63] = next;
      tail += 1;
    }
    this.#entered = at + window;
    this.#head = head;
    this.#tail = tail;
    return ring[head & 63] ?? at;
  }
}

interface Filters {
  readonly bytes: Buffer;
  readonly count: number;
  /** Number of features in the last filter. */
  readonly last: number;
}

function fillFilters(bytes: Uint8Array, scores: Uint8Array): Filters {
  const end = bytes.length - window;
  // Selected positions are more than `threshold` apart on average, so this fits all filters.
  const room = Math.ceil(bytes.length / threshold / filterFeatures) + 2;
  const filters = Buffer.alloc(room * filterBytes);
  const words = new Uint32Array(5);
  let count = 1;
  let last = 0;
  for (let at = 0; at < end; at += 1) {
    if ((scores[at] ?? 0) <= threshold) continue;
    sha1Words(bytes, at, words);
    if (!insert(filters, (count - 1) * filterBytes, words)) continue;
    last += 1;
    if (last === filterFeatures) {
      count += 1;
      last = 0;
    }
  }
  return { bytes: filters, count, last };
}

/** Sets a bit for each word; false when all were already set, as for a repeated feature. */
function insert(filters: Buffer, from: number, words: Uint32Array): boolean {
  let isNew = false;
  for (const word of words) {
    // The reference program reads the digest's words with the low byte first.
    const bit = ((word >>> 24) | ((word >>> 8) & 0xff00)) & filterBits;
    const at = from + (bit >> 3);
    const mask = 1 << (bit & 7);
    const byte = filters[at] ?? 0;
    if ((byte & mask) === 0) isNew = true;
    filters[at] = byte | mask;
  }
  return isNew;
}
