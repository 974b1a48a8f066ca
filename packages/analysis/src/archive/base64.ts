/**
 * Long runs of base64 in a text, decoded: how scripts, mails and certificates of `certutil` carry
 * programs. Runs are wrapped (lines of one width, the last one shorter) or one line.
 *
 * The cost is that of a search that jumps: most bytes of a text are never read, since a byte
 * outside the alphabet rules out all runs over it. The output of all runs is smaller than the
 * input.
 */
export interface EncodedRun {
  /** Of its first byte. */
  readonly offset: number;
  /** Bytes that it decodes to, at most. */
  readonly sizeBytes: number;
  decode(): Buffer;
}

/** Longer than the SHA-512 (88) of lock files and of integrity attributes. */
export const runCharsMin = 90;
/** A list with one word per line is not wrapped base64. */
const wrapCharsMin = 32;
const isLetter = 1;
const isLineEnd = 2;
const alphabet = listAlphabet();

/** Yields the runs in order, except those that can only be hexadecimal or words. */
export function* findBase64(bytes: Buffer): Generator<EncodedRun, void, undefined> {
  for (let at = 0; at + runCharsMin <= bytes.length;) {
    const last = at + runCharsMin - 1;
    let back = last;
    while (back >= at && alphabet[bytes[back] ?? 0] !== 0) back -= 1;
    if (back >= at) {
      at = back + 1;
      continue;
    }
    let end = last + 1;
    while (end < bytes.length && alphabet[bytes[end] ?? 0] !== 0) end += 1;
    for (const run of splitLines(bytes, at, end)) {
      if (run.chars >= runCharsMin && looksEncoded(bytes, run)) yield describe(bytes, run);
    }
    at = end + 1;
  }
}

/** Letters and line ends from one byte up to another. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly chars: number;
}

/**
 * Groups lines that belong together. The first one may be shorter, as the rest of a line, when it
 * consists of complete groups of four: `<<END` before a run then does not shift it.
 */
function* splitLines(bytes: Buffer, start: number, end: number): Generator<Run, void, undefined> {
  let run: Run | undefined;
  /** Of the lines of the run; unknown while there is one, which may follow something else. */
  let width: number | undefined;
  let isOver = false;
  for (const line of linesOf(bytes, start, end)) {
    const wanted = width ?? Math.max(line.chars, run?.chars ?? 0);
    const isWhole = width !== undefined || run?.chars === wanted || (run?.chars ?? 0) % 4 === 0;
    const fits = isWhole && !isOver && wanted >= wrapCharsMin && line.chars <= wanted;
    if (run === undefined || !fits || line.start - run.end > 2) {
      if (run !== undefined) yield run;
      run = line;
      width = undefined;
      isOver = false;
      continue;
    }
    isOver = line.chars < wanted;
    width = wanted;
    run = { start: run.start, end: line.end, chars: run.chars + line.chars };
  }
  if (run !== undefined) yield run;
}

function* linesOf(bytes: Buffer, start: number, end: number): Generator<Run, void, undefined> {
  for (let at = start; at < end; at += 1) {
    const from = at;
    while (at < end && alphabet[bytes[at] ?? 0] === isLetter) at += 1;
    if (at > from) yield { start: from, end: at, chars: at - from };
  }
}

/** Letters of both cases, and one that is not a hexadecimal digit. */
function looksEncoded(bytes: Buffer, { start, end }: Run): boolean {
  let hasLarge = false;
  let hasSmall = false;
  let isHexadecimal = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x61) hasSmall = true;
    else if (byte >= 0x41) hasLarge = true;
    if ((byte & 0xdf) > 0x46 || byte === 0x2b || byte === 0x2f) isHexadecimal = false;
    if (hasLarge && hasSmall && !isHexadecimal) return true;
  }
  return false;
}

function describe(bytes: Buffer, run: Run): EncodedRun {
  const sizeBytes = Math.ceil((run.chars * 3) / 4);
  return { offset: run.start, sizeBytes, decode: () => decode(bytes, run, sizeBytes) };
}

/** Letters decoded at a time, so that a large run is not in memory twice. */
const pieceChars = 1024 * 1024;

function decode(bytes: Buffer, { start, end }: Run, sizeBytes: number): Buffer {
  const content = Buffer.allocUnsafeSlow(sizeBytes);
  let used = 0;
  let rest = '';
  for (let at = start; at < end; at += pieceChars) {
    const piece = bytes.toString('latin1', at, Math.min(at + pieceChars, end));
    const text = rest + piece.replaceAll(/[\r\n]+/g, '');
    const whole = text.length - (text.length % 4);
    used += content.write(text.slice(0, whole), used, 'base64');
    rest = text.slice(whole);
  }
  used += content.write(rest, used, 'base64');
  return content.subarray(0, used);
}

/**
 * Whether a run between PEM markers is what PEM is for: one DER value, as long as it says, or
 * a key of OpenSSH. Anything else is disguised as PEM.
 */
export function isPemContent(bytes: Buffer, offset: number, content: Buffer): boolean {
  let before = offset;
  while (before > 0 && alphabet[bytes[before - 1] ?? 0] === isLineEnd) before -= 1;
  if (bytes.toString('latin1', Math.max(0, before - 5), before) !== '-----') return false;
  return isDer(content) || content.toString('latin1', 0, 15) === 'openssh-key-v1\0';
}

function isDer(content: Buffer): boolean {
  if (content.length < 6 || content[0] !== 0x30) return false;
  const form = content[1] ?? 0;
  if (form < 0x80) return content.length === 2 + form;
  const lengthBytes = form & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4) return false;
  return content.length === 2 + lengthBytes + content.readUIntBE(2, lengthBytes);
}

function listAlphabet(): Uint8Array {
  const table = new Uint8Array(256);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (const letter of letters) table[letter.charCodeAt(0)] = isLetter;
  for (const end of '\r\n') table[end.charCodeAt(0)] = isLineEnd;
  return table;
}
