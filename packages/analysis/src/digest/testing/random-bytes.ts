/** Reproducible pseudo-random bytes: a linear congruential generator. */

/** The high bytes of the generator of Numerical Recipes, from a seed. */
export function randomBytes(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed >>> 0;
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Text of words from a small list, as in programs: compressible, but not uniform. */
export function randomWords(seed: number, sizeBytes: number): Buffer {
  const words = [
    'echo',
    'if',
    'then',
    'fi',
    'export',
    'PATH',
    '=',
    '\n',
    'curl',
    '-s',
    '"$1"',
    '/',
  ];
  const choices = randomBytes(seed, sizeBytes);
  const text = Array.from(choices, (byte) => `${words[byte % words.length] ?? ''}${byte}`);
  return Buffer.from(text.join(' ')).subarray(0, sizeBytes);
}
