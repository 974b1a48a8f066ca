/**
 * The kind of a file by its first bytes. A hint for routing and display: scanners that must not be
 * fooled check the content themselves. It runs for every file of an image, so it looks up the first
 * byte in a table and reads further only when several formats remain.
 */
import { filePatterns, fileSignatures } from '@lazaret/protocol';

import { isSkippableFrame } from './magic.ts';

/** Number of leading bytes that the result may depend on. */
export const fileKindBytes = 512;

interface Signature {
  readonly kind: string;
  readonly magic: Buffer;
}

/** Signatures by their first byte. */
const byFirstByte: readonly (readonly Signature[] | undefined)[] = indexSignatures();
const checks: Readonly<Record<number, (head: Buffer, sizeBytes: number) => string | undefined>> = {
  0x4d: windowsKind,
  0x42: patternKind,
  0xca: universalKind,
  0x00: movieKind,
};
/** After white space and a byte order mark. */
const textPatterns: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['html', /^(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b/i],
  ['xml', /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg|!doctype)\b/i],
  ['php', /^(?:\xef\xbb\xbf)?\s*<\?(?:php|=)/i],
  ['pem', /^\s+-----BEGIN /],
  // `[section]` of an INI file is not a JSON array.
  ['json', /^(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*[\d"[\]{])/],
];
/** 1 for bytes that do not occur in text. */
const isBinaryByte = listBinaryBytes();
const programs: ReadonlySet<string> = new Set([
  ...['elf', 'pe', 'dos', 'mach-o', 'script', 'php', 'wasm', 'dex', 'lua', 'llvm', 'lnk'],
]);
const texts: ReadonlySet<string> = new Set(['text', 'xml', 'html', 'json', 'pem']);

/**
 * The kind of a file: a kind of the table of magic bytes, or `empty`, `pe`, `dos`, `class`,
 * `bzip2`, `bmp`, `tar`, `pyc`, `video`, `xml`, `html`, `json`, `text`, or `data` otherwise. `head`
 * has the first `fileKindBytes` bytes, or the whole file when it is shorter.
 */
export function fileKind(head: Buffer, sizeBytes: number): string {
  if (sizeBytes === 0 || head.length === 0) return 'empty';
  const signatures = byFirstByte[head[0] ?? 0];
  if (signatures !== undefined) {
    for (const { kind, magic } of signatures) if (beginsWith(head, magic)) return kind;
  }
  return (
    checkedKind(head, sizeBytes) ?? (isText(head) ? textKind(head) : dataKind(head, sizeBytes))
  );
}

/**
 * Whether a file is an executable or a script, which get similarity digests. A text file counts
 * when it is executable.
 */
export function isProgram(kind: string, mode: number): boolean {
  return programs.has(kind) || ((mode & 0o111) !== 0 && texts.has(kind));
}

/** Formats that are not identified by their first bytes alone. */
function checkedKind(head: Buffer, sizeBytes: number): string | undefined {
  const check = checks[head[0] ?? 0];
  const kind = check?.(head, sizeBytes);
  if (kind !== undefined) return kind;
  if (head[2] === 0x0d && head[3] === 0x0a && isPythonMagic(head[1])) return 'pyc';
  if (isSkippableFrame(head)) return 'zstd';
  return undefined;
}

/** `MZ`: a Windows program when offset 60 points to a PE header, otherwise a DOS program. */
function windowsKind(head: Buffer, sizeBytes: number): string | undefined {
  if (head[1] !== 0x5a) return undefined;
  if (head.length < 64) return isText(head) ? undefined : 'dos';
  const at = head.readUInt32LE(60);
  // A header beyond the visible bytes is assumed: a wrong `pe` costs less than a wrong `dos`.
  if (at + 4 > head.length) return at + 4 <= sizeBytes ? 'pe' : 'dos';
  return head.readUInt32BE(at) === 0x50450000 ? 'pe' : 'dos';
}

/** `BZh` and `BM` alone are also how a text may start. */
function patternKind(head: Buffer): string | undefined {
  const start = head.toString('latin1', 0, 32);
  return filePatterns.find(([, pattern]) => pattern.test(start))?.[0];
}

/**
 * `CAFEBABE` starts Java classes and universal Mach-O binaries: it is followed by a class file
 * version, 45 or more, or a small number of architectures.
 */
function universalKind(head: Buffer): string | undefined {
  if (head.length < 8 || head.readUInt32BE(0) !== 0xcafebabe) return undefined;
  return (head[7] ?? 0) >= 45 || head[6] !== 0 ? 'class' : 'mach-o';
}

/** Second byte of the magic of Python 3.0 (3000) up to future versions (4095). */
function isPythonMagic(second: number | undefined): boolean {
  return second !== undefined && second >= 0x0b && second <= 0x0f;
}

/** ISO base media: a first box `ftyp`. */
function movieKind(head: Buffer): string | undefined {
  return head.length >= 8 && head.readUInt32BE(4) === 0x66747970 ? 'video' : undefined;
}

function isText(head: Buffer): boolean {
  const end = Math.min(head.length, fileKindBytes);
  for (let at = 0; at < end; at += 1) if (isBinaryByte[head[at] ?? 0] === 1) return false;
  return true;
}

function textKind(head: Buffer): string {
  const start = head.toString('latin1', 0, 64);
  for (const [kind, pattern] of textPatterns) if (pattern.test(start)) return kind;
  return 'text';
}

function dataKind(head: Buffer, sizeBytes: number): string {
  return sizeBytes >= 512 && head.length >= 512 && isTar(head) ? 'tar' : 'data';
}

/** `ustar` at 257; older archives are only identified by the checksum. */
function isTar(head: Buffer): boolean {
  if (head.readUInt32BE(257) === 0x75737461 && head[261] === 0x72) return true;
  if (head[0] === 0) return false;
  const digits = /^ *([0-7]{1,7})[\0 ]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (digits === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < 512; at += 1) if (at < 148 || at >= 156) sum += head[at] ?? 0;
  return sum === Number.parseInt(digits, 8);
}

function beginsWith(head: Buffer, magic: Buffer): boolean {
  if (head.length < magic.length) return false;
  for (let at = 1; at < magic.length; at += 1) if (head[at] !== magic[at]) return false;
  return true;
}

function indexSignatures(): (readonly Signature[] | undefined)[] {
  const index: (Signature[] | undefined)[] = Array.from({ length: 256 });
  for (const [kind, text] of fileSignatures) {
    if (kind === '') continue;
    const magic = Buffer.from(text, 'latin1');
    const first = magic[0] ?? 0;
    (index[first] ??= []).push({ kind, magic });
  }
  return index;
}

/** Control characters besides bell, backspace, tab, the three that end lines, and escape. */
function listBinaryBytes(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 0x20; byte += 1) table[byte] = 1;
  for (const byte of [0x07, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b]) table[byte] = 0;
  table[0x7f] = 1;
  return table;
}
