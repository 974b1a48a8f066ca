/**
 * Finds many literals in one pass over bytes. It reads every second pair of bytes, and checks in a
 * table whether it is one of two adjacent pairs of a literal: at any offset of the literal, one of
 * the two is read. The rarest pairs of each literal are used.
 */
export interface LiteralSearch {
  readonly literals: readonly Buffer[];
  /**
   * For each pair of bytes, as a 16-bit number in native byte order, the index into `places`; 0:
   * none.
   */
  readonly table: Uint16Array;
  readonly places: readonly (readonly Place[])[];
}

interface Place {
  readonly literal: number;
  /** Offset of the pair in the literal. */
  readonly offset: number;
}

/** Prepares a search for literals of three bytes or more. */
export function prepareSearch(literals: readonly string[]): LiteralSearch {
  const table = new Uint16Array(65_536);
  const places: Place[][] = [[]];
  const bytes = literals.map((each) => Buffer.from(each, 'latin1'));
  for (const [literal, each] of bytes.entries()) {
    const first = rarestOffset(each);
    for (const offset of [first, first + 1]) {
      const key =
        new Uint16Array(Uint8Array.from(each.subarray(offset, offset + 2)).buffer)[0] ?? 0;
      if (table[key] === 0) {
        table[key] = places.length;
        places.push([]);
      }
      places[table[key] ?? 0]?.push({ literal, offset });
    }
  }
  return { literals: bytes, table, places };
}

/**
 * Calls `found` with the index of each literal and its offset, roughly in the order of the
 * content. It continues until the end or until `found` returns false.
 */
export function searchLiterals(
  search: LiteralSearch,
  bytes: Buffer,
  found: (literal: number, at: number) => boolean,
): void {
  const { table } = search;
  // Pairs are read as numbers of 16 bits, which must be at even addresses.
  const first = bytes.byteOffset & 1;
  const count = Math.max(0, bytes.length - first) >> 1;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + first, count);
  const hit = { bytes, at: 0, found };
  for (let pair = 0; pair < count; pair += 1) {
    const index = table[pairs[pair] ?? 0] ?? 0;
    if (index === 0) continue;
    hit.at = first + pair * 2;
    if (!tryPlaces(search, index, hit)) return;
  }
}

interface Hit {
  readonly bytes: Buffer;
  at: number;
  readonly found: (literal: number, at: number) => boolean;
}

function tryPlaces({ places, literals }: LiteralSearch, index: number, hit: Hit): boolean {
  for (const { literal, offset } of places[index] ?? []) {
    const expected = literals[literal];
    const from = hit.at - offset;
    if (expected === undefined || !standsAt(hit.bytes, from, expected)) continue;
    if (!hit.found(literal, from)) return false;
  }
  return true;
}

function standsAt(bytes: Buffer, from: number, literal: Buffer): boolean {
  if (from < 0 || from + literal.length > bytes.length) return false;
  for (let at = 0; at < literal.length; at += 1) {
    if (bytes[from + at] !== literal[at]) return false;
  }
  return true;
}

/** Offset of the two adjacent pairs with the rarest combination of characters. */
function rarestOffset(literal: Buffer): number {
  let best = 0;
  let bestCost = Infinity;
  for (let at = 0; at + 2 < literal.length; at += 1) {
    const cost = pairCost(literal, at) + pairCost(literal, at + 1);
    if (cost < bestCost) {
      best = at;
      bestCost = cost;
    }
  }
  return best;
}

/** A rough measure of how often two characters are adjacent in programs and texts. */
function pairCost(literal: Buffer, at: number): number {
  const pair = literal.toString('latin1', at, at + 2);
  if (/[A-Z0-9]/.test(pair)) return 1;
  const rank = commonPairs.indexOf(` ${pair} `);
  if (rank >= 0) return 300 - rank / 3;
  return /[^a-z]/.test(pair) ? 8 : 30;
}

/** Common pairs, the most common first. */
const commonPairs =
  ' // th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve' +
  ' co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct' +
  ' us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow' +
  ' pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex' +
  ' ke ui fr oo ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl' +
  ' du ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak' +
  ' pu ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu' +
  ' nn eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks' +
  ' :/ s: .c s- ";" =" -- s. ';
