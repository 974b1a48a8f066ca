/**
 * TLSH, a locality-sensitive digest: counts of byte triplets in 128 buckets, each encoded as its
 * quartile. Source: Oliver, Cheng, Chen, "TLSH - A Locality Sensitive Hash" (2013), and the format
 * `T1` of the reference program: 128 buckets, one byte of checksum, 50 bytes at least. A digest
 * indicates similarity, never identity.
 */
const buckets = 128;
const codeBytes = buckets / 4;
const minBytes = 50;

/** The permutation of Pearson, "Fast Hashing of Variable-Length Text Strings" (1990). */
const permutation = Uint8Array.from([
  ...[
    1, 87, 49, 12, 176, 178, 102, 166, 121, 193, 6, 84, 249, 230, 44, 163, 14, 197, 213, 181, 161,
  ],
  ...[85, 218, 80, 64, 239, 24, 226, 236, 142, 38, 200, 110, 177, 104, 103, 141, 253, 255, 50, 77],
  ...[101, 81, 18, 45, 96, 31, 222, 25, 107, 190, 70, 86, 237, 240, 34, 72, 242, 20, 214, 244, 227],
  ...[149, 235, 97, 234, 57, 22, 60, 250, 82, 175, 208, 5, 127, 199, 111, 62, 135, 248, 174, 169],
  ...[211, 58, 66, 154, 106, 195, 245, 171, 17, 187, 182, 179, 0, 243, 132, 56, 148, 75, 128, 133],
  ...[158, 100, 130, 126, 91, 13, 153, 246, 216, 219, 119, 68, 223, 78, 83, 88, 201, 99, 122, 11],
  ...[92, 32, 136, 114, 52, 10, 138, 30, 48, 183, 156, 35, 61, 26, 143, 74, 251, 94, 129, 162, 63],
  ...[
    152, 170, 7, 115, 167, 241, 206, 3, 150, 55, 59, 151, 220, 90, 53, 23, 131, 125, 173, 15, 238,
  ],
  ...[79, 95, 89, 16, 105, 137, 225, 224, 217, 160, 37, 123, 118, 73, 2, 157, 46, 116, 9, 145, 134],
  ...[
    228, 207, 212, 202, 215, 69, 229, 27, 188, 67, 124, 168, 252, 42, 4, 29, 108, 21, 247, 19, 205,
  ],
  ...[39, 203, 233, 40, 186, 147, 198, 192, 155, 33, 164, 191, 98, 204, 165, 180, 117, 76, 140, 36],
  ...[
    210, 172, 41, 54, 159, 8, 185, 232, 113, 196, 231, 47, 146, 120, 51, 65, 28, 144, 254, 221, 93,
  ],
  ...[189, 194, 139, 112, 43, 71, 109, 184, 209],
]);
/** Two steps of the permutation in one look-up: `p[p[x] ^ y]` at `x << 8 | y`. */
const twoSteps = Uint8Array.from({ length: 65_536 }, (_, at) => step(step(at >> 8) ^ (at & 0xff)));

/**
 * The digest in the form `T1` and 70 hexadecimal digits. Undefined for less than 50 bytes, more
 * than 4 GiB, and for content that is too uniform.
 */
// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
export function tlsh(bytes: Uint8Array): string | undefined {
  if (bytes.length < minBytes || bytes.length > 0xffff_ffff) return undefined;
  const counts = new Uint32Array(256);
  const checksum = countTriplets(bytes, counts);
  const sorted = counts.slice(0, buckets).sort();
  const filled = sorted.reduce((count, each) => count + (each > 0 ? 1 : 0), 0);
  const [q1, q2, q3] = [sorted[31] ?? 0, sorted[63] ?? 0, sorted[95] ?? 0];
  if (filled <= buckets / 2 || q3 === 0) return undefined;
  const head = [checksum, lengthClass(bytes.length), (ratio(q2, q3) << 4) | ratio(q1, q3)];
  const code = Buffer.alloc(codeBytes);
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const count = counts[bucket] ?? 0;
    const quartile = count > q3 ? 3 : count > q2 ? 2 : count > q1 ? 1 : 0;
    const at = codeBytes - 1 - (bucket >> 2);
    code[at] = (code[at] ?? 0) | (quartile << ((bucket & 3) * 2));
  }
  const swapped = Buffer.from(head.map((byte) => ((byte & 0xf) << 4) | (byte >> 4)));
  return `T1${Buffer.concat([swapped, code]).toString('hex').toUpperCase()}`;
}

/**
 * Distance of two digests: 0 for equal, below about 50 for similar, 1,000 and more for unrelated
 * content. Undefined when one of them is not a digest.
 */
export function tlshDistance(first: string, second: string): number | undefined {
  const [a, b] = [parseTlsh(first), parseTlsh(second)];
  return a === undefined || b === undefined ? undefined : distanceBetween(a, b);
}

/** The bytes of a digest, for repeated comparison; undefined when it is invalid. */
export function parseTlsh(text: string): Buffer | undefined {
  const digits = /^(?:T1)?([0-9a-f]{70})$/i.exec(text)?.[1];
  return digits === undefined ? undefined : Buffer.from(digits, 'hex');
}

/** `tlshDistance` of two parsed digests. */
export function distanceBetween(a: Buffer, b: Buffer): number {
  const length = circular(swap(a[1]), swap(b[1]), 256);
  let distance = length <= 1 ? length : length * 12;
  for (const shift of [4, 0]) {
    const apart = circular((a[2] ?? 0) >> shift, (b[2] ?? 0) >> shift, 16);
    distance += apart <= 1 ? apart : (apart - 1) * 12;
  }
  if (a[0] !== b[0]) distance += 1;
  for (let at = 3; at < a.length; at += 1) distance += pairDistance(a[at] ?? 0, b[at] ?? 0);
  return distance;
}

/** Counts six triplets of each window of five bytes; returns the checksum. */
// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function countTriplets(bytes: Uint8Array, counts: Uint32Array): number {
  const table = permutation;
  const pairs = twoSteps;
  let checksum = 0;
  let [b, c, d, e] = [bytes[3] ?? 0, bytes[2] ?? 0, bytes[1] ?? 0, bytes[0] ?? 0];
  for (let at = 4; at < bytes.length; at += 1) {
    const a = bytes[at] ?? 0;
    // Each salt is given after the first step of the permutation.
    checksum = table[(pairs[((1 ^ a) << 8) | b] ?? 0) ^ checksum] ?? 0;
    const first = table[(pairs[((49 ^ a) << 8) | b] ?? 0) ^ c] ?? 0;
    const second = table[(pairs[((12 ^ a) << 8) | b] ?? 0) ^ d] ?? 0;
    const third = table[(pairs[((178 ^ a) << 8) | c] ?? 0) ^ d] ?? 0;
    const fourth = table[(pairs[((166 ^ a) << 8) | c] ?? 0) ^ e] ?? 0;
    const fifth = table[(pairs[((84 ^ a) << 8) | b] ?? 0) ^ e] ?? 0;
    const sixth = table[(pairs[((230 ^ a) << 8) | d] ?? 0) ^ e] ?? 0;
    counts[first] = (counts[first] ?? 0) + 1;
    counts[second] = (counts[second] ?? 0) + 1;
    counts[third] = (counts[third] ?? 0) + 1;
    counts[fourth] = (counts[fourth] ?? 0) + 1;
    counts[fifth] = (counts[fifth] ?? 0) + 1;
    counts[sixth] = (counts[sixth] ?? 0) + 1;
    e = d;
    d = c;
    c = b;
    b = a;
  }
  return checksum;
}

/** A logarithm of the length, in three ranges of increasing resolution. */
function lengthClass(sizeBytes: number): number {
  const log = Math.log(sizeBytes);
  if (sizeBytes <= 656) return Math.floor(log / Math.log(1.5)) & 0xff;
  if (sizeBytes <= 3_199) return Math.floor(log / Math.log(1.3) - 8.72777) & 0xff;
  return Math.floor(log / Math.log(1.1) - 62.5472) & 0xff;
}

/** In single precision like the reference program, because the digits depend on it. */
function ratio(quartile: number, third: number): number {
  return Math.floor(Math.fround(Math.fround(quartile * 100) / Math.fround(third))) % 16;
}

function swap(byte = 0): number {
  return ((byte & 0xf) << 4) | (byte >> 4);
}

function circular(first: number, second: number, size: number): number {
  const apart = Math.abs((first & (size - 1)) - (second & (size - 1)));
  return Math.min(apart, size - apart);
}

/** Four quartiles per byte; the step from the first to the last counts double. */
function pairDistance(first: number, second: number): number {
  let distance = 0;
  for (let shift = 0; shift < 8; shift += 2) {
    const apart = Math.abs(((first >> shift) & 3) - ((second >> shift) & 3));
    distance += apart === 3 ? 6 : apart;
  }
  return distance;
}

function step(value: number): number {
  return permutation[value] ?? 0;
}
