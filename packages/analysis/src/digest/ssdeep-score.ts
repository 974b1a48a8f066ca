/** Similarity of two ssdeep digests, scored like ssdeep 2.14. */
const digestLetters = 64;
const window = 7;
const minBlock = 3;
/** From this block size on a score is not capped. */
const uncappedBlock = Math.floor((99 + window) / window) * minBlock;

interface Parsed {
  readonly block: number;
  readonly first: string;
  readonly second: string;
}

/**
 * 0 (nothing in common, or incompatible block sizes) to 100. Undefined when one of them is not a
 * digest. The file name after a comma is ignored.
 */
export function ssdeepScore(one: string, other: string): number | undefined {
  const [a, b] = [parseDigest(one), parseDigest(other)];
  if (a === undefined || b === undefined) return undefined;
  if (a.block === b.block) {
    if (a.first === b.first && a.second === b.second) return 100;
    const first = scoreLetters(a.first, b.first, a.block);
    return Math.max(first, scoreLetters(a.second, b.second, a.block * 2));
  }
  if (a.block * 2 === b.block) return scoreLetters(b.first, a.second, b.block);
  return b.block * 2 === a.block ? scoreLetters(a.first, b.second, a.block) : 0;
}

/**
 * Runs of more than three equal letters are shortened to three, because they are not significant.
 */
export function shortenRuns(letters: string): string {
  return letters.replaceAll(/(.)\1{3,}/gs, '$1$1$1');
}

function parseDigest(text: string): Parsed | undefined {
  const match = /^(\d{1,12}):([^:,]{0,512}):([^:,]{0,512})(?:,|$)/.exec(text);
  if (match === null) return undefined;
  const [first, second] = [shortenRuns(match[2] ?? ''), shortenRuns(match[3] ?? '')];
  if (first.length > digestLetters || second.length > digestLetters) return undefined;
  return { block: Number(match[1]), first, second };
}

function scoreLetters(one: string, other: string, block: number): number {
  if (!shareWindow(one, other)) return 0;
  const total = one.length + other.length;
  const scaled = Math.floor((editDistance(one, other) * digestLetters) / total);
  const score = 100 - Math.floor((100 * scaled) / digestLetters);
  if (block >= uncappedBlock) return score;
  // Small blocks represent few bytes, so their score is capped.
  return Math.min(score, Math.floor(block / minBlock) * Math.min(one.length, other.length));
}

/** Without seven letters in common, a similarity is random. */
function shareWindow(one: string, other: string): boolean {
  for (let at = 0; at + window <= one.length; at += 1) {
    if (other.includes(one.slice(at, at + window))) return true;
  }
  return false;
}

/** Levenshtein's distance where a replacement costs as much as removal and insertion: two. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 2);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
