/** Similarity of two sdhash digests, scored like sdhash 3.4. */
const filterBytes = 256;
const filterBits = filterBytes * 8;
const bitsPerFeature = 5;
const minFeatures = 16;
/** The minimum overlap that counts, as a share between the random overlap and the maximum. */
const chanceShare = 0.3;
/** Maximum number of filters of a compared digest: for about 32 MiB. */
const maxFilters = 16_384;
const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => countBits(byte));

interface Parsed {
  readonly name: string;
  readonly filters: Buffer;
  readonly count: number;
  readonly maxFeatures: number;
  readonly lastFeatures: number;
}

/**
 * 0 (no more in common than random content) to 100. Undefined when one of them is not a digest in
 * stream form with filters of 256 bytes. Time grows with the product of both lengths.
 */
export function sdhashScore(one: string, other: string): number | undefined {
  let [a, b] = [parseDigest(one), parseDigest(other)];
  if (a === undefined || b === undefined) return undefined;
  if (isLonger(a, b)) [a, b] = [b, a];
  let sum = 0;
  let sparse = 0;
  const bits = Array.from({ length: b.count }, (_, at) => countFilter(b.filters, at));
  for (let at = 0; at < a.count; at += 1) {
    sum += bestScore(a, at, { of: b, bits });
    if (featuresOf(a, at) < minFeatures) sparse += 1;
  }
  const scored = a.count > 1 ? a.count - sparse : a.count;
  return scored === 0 ? 0 : Math.max(0, Math.round((100 * sum) / scored));
}

/** Each filter of the shorter digest is searched in the longer one. */
function isLonger(a: Parsed, b: Parsed): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.lastFeatures > b.lastFeatures || a.name > b.name;
}

interface Against {
  readonly of: Parsed;
  /** Number of bits set in each of its filters. */
  readonly bits: readonly number[];
}

/** The score, 0 to 1, of one filter against the best match in the other digest. */
function bestScore(a: Parsed, at: number, { of: b, bits }: Against): number {
  const features = featuresOf(a, at);
  if (features < minFeatures) return 0;
  const set = countFilter(a.filters, at);
  let best = -1;
  for (let i = 0; i < b.count; i += 1) {
    const others = featuresOf(b, i);
    if (a.count > 1 && others < minFeatures) continue;
    const most = Math.min(set, bits[i] ?? 0);
    const chance = expectCommon(features, others);
    const least = Math.round(chanceShare * (most - chance) + chance);
    const common = countCommon(a.filters, b.filters, { at, i, least });
    best = Math.max(best, common <= least ? 0 : (common - least) / (most - least));
  }
  return best;
}

/** Expected number of common bits of two filters with unrelated features. */
function expectCommon(first: number, second: number): number {
  const free = (features: number): number => (1 - 1 / filterBits) ** (bitsPerFeature * features);
  const common = 1 - free(first) - free(second) + free(first + second);
  return Math.round(filterBits * common);
}

interface Pair {
  readonly at: number;
  readonly i: number;
  readonly least: number;
}

/** Bits set in both; 0 as soon as an eighth, a quarter or half of them is too low. */
function countCommon(a: Buffer, b: Buffer, { at, i, least }: Pair): number {
  let count = 0;
  for (let byte = 0; byte < filterBytes; byte += 1) {
    const share = byte === 32 ? 8 : byte === 64 ? 4 : byte === 128 ? 2 : 0;
    if (share > 0 && share * count + 48 < least) return 0;
    const both = (a[at * filterBytes + byte] ?? 0) & (b[i * filterBytes + byte] ?? 0);
    count += bitCounts[both] ?? 0;
  }
  return count;
}

function countFilter(filters: Buffer, at: number): number {
  let count = 0;
  for (let byte = at * filterBytes; byte < (at + 1) * filterBytes; byte += 1) {
    count += bitCounts[filters[byte] ?? 0] ?? 0;
  }
  return count;
}

function featuresOf({ count, maxFeatures, lastFeatures }: Parsed, at: number): number {
  return at < count - 1 ? maxFeatures : lastFeatures;
}

function parseDigest(text: string): Parsed | undefined {
  const start = /^sdbf:03:(\d{1,4}):/.exec(text);
  if (start === null) return undefined;
  // The name may contain colons; its length in bytes precedes it.
  const rest = Buffer.from(text.slice(start[0].length), 'utf8');
  const nameBytes = Number(start[1]);
  const name = rest.toString('utf8', 0, nameBytes);
  const fields = rest.toString('latin1', nameBytes);
  const match =
    /^:\d{1,15}:sha1:256:5:7ff:(\d{1,4}):(\d{1,6}):(\d{1,4}):([A-Za-z0-9+/=]*)\s*$/.exec(fields);
  if (match === null) return undefined;
  const [maxFeatures, count, lastFeatures] = [match[1], match[2], match[3]].map(Number);
  const filters = Buffer.from(match[4] ?? '', 'base64');
  if (maxFeatures === undefined || count === undefined || lastFeatures === undefined)
    return undefined;
  if (count < 1 || count > maxFilters || filters.length !== count * filterBytes) return undefined;
  return { name, filters, count, maxFeatures, lastFeatures };
}

function countBits(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
