/**
 * SHA-1 (FIPS 180-4) of exactly 64 bytes. sdhash computes it about ten thousand times per megabyte,
 * where the call overhead of the platform's implementation would dominate. Not for security
 * purposes.
 */
const schedule = new Int32Array(80);

/** Writes the five words of the digest of `bytes[at]` to `bytes[at + 63]` into `words`. */
export function sha1Words(bytes: Uint8Array, at: number, words: Uint32Array): void {
  words.set([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  for (let i = 0; i < 16; i += 1) {
    const from = at + i * 4;
    const high = ((bytes[from] ?? 0) << 24) | ((bytes[from + 1] ?? 0) << 16);
    schedule[i] = high | ((bytes[from + 2] ?? 0) << 8) | (bytes[from + 3] ?? 0);
  }
  addBlock(words);
  // The padding of a message of 64 bytes is a separate block.
  schedule.fill(0, 0, 16);
  schedule[0] = 0x8000_0000;
  schedule[15] = 512;
  addBlock(words);
}

// oxlint-disable-next-line complexity -- one loop; most of its branches are `?? 0` of arrays
function addBlock(words: Uint32Array): void {
  const w = schedule;
  for (let i = 16; i < 80; i += 1) {
    const mixed = (w[i - 3] ?? 0) ^ (w[i - 8] ?? 0) ^ (w[i - 14] ?? 0) ^ (w[i - 16] ?? 0);
    w[i] = (mixed << 1) | (mixed >>> 31);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = words;
  const turn = (mixed: number, round: number): void => {
    const next = (((a << 5) | (a >>> 27)) + mixed + e + round) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  };
  for (let i = 0; i < 20; i += 1) turn((b & c) | (~b & d), (w[i] ?? 0) + 0x5a827999);
  for (let i = 20; i < 40; i += 1) turn(b ^ c ^ d, (w[i] ?? 0) + 0x6ed9eba1);
  for (let i = 40; i < 60; i += 1) turn((b & c) | (d & (b | c)), (w[i] ?? 0) + 0x8f1bbcdc);
  for (let i = 60; i < 80; i += 1) turn(b ^ c ^ d, (w[i] ?? 0) + 0xca62c1d6);
  words[0] = (words[0] ?? 0) + a;
  words[1] = (words[1] ?? 0) + b;
  words[2] = (words[2] ?? 0) + c;
  words[3] = (words[3] ?? 0) + d;
  words[4] = (words[4] ?? 0) + e;
}
