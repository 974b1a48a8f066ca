/**
 * Software that no package manager installed: programs are identified by their names, and their
 * versions are in their bytes. Names are looked up in a table, then a literal text is searched,
 * then a pattern is matched in a small piece around it; no pattern is matched against a whole file.
 */
import { limits } from '@lazaret/protocol';
import type { PackageFact } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import { binaryMagic } from '../binary/binary-image.ts';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { versionMarks } from './binary-versions.ts';
import type { VersionMark } from './binary-versions.ts';

const windowBefore = 80;
const windowAfter = 200;
const linesMax = 8;

const marksOfKey = new Map<string, VersionMark[]>();
for (const mark of versionMarks) {
  for (const key of mark.keys) marksOfKey.set(key, [...(marksOfKey.get(key) ?? []), mark]);
}

export const binaryClassifierReader: Reader = {
  id: 'binary-version',
  version: 1,
  wants: { magic: binaryMagic },
  accepts: ({ path }) => marksOfKey.has(binaryKey(path)),
  maxBytes: analysisLimits.readerFileBytes,
  read(file, emit) {
    for (const mark of marksOfKey.get(binaryKey(file.path)) ?? []) {
      const found = findVersion(file, mark);
      if (found === undefined) continue;
      emit(patternPackage(file.path, { name: mark.name, ...found }));
      return;
    }
  },
};

/**
 * The name of a program or library without its version: `python` of `python3.11`, `libcrypto`
 * of `libcrypto.so.1.1`, `libmagickcore` of `libMagickCore-6.Q16.so.6`.
 */
export function binaryKey(path: string): string {
  const last = path
    .slice(path.lastIndexOf('/') + 1)
    .slice(0, limits.fileNameBytes)
    .toLowerCase();
  const musl = /^(ld-musl|libc\.musl)-/.exec(last)?.[1];
  if (musl !== undefined) return musl;
  const isLibrary = last.includes('.so');
  const [base = ''] = last.replace(/\.(?:exe|dll)$/, '').split('.so', 1);
  const plain = base.replace(/-[0-9a-f]{16}$/, '').replace(/[-_.]?\d.*$/, '');
  // A module of an interpreter (`openssl.so`) is not the program of that name.
  return isLibrary && !plain.startsWith('lib') ? last : plain;
}

export interface FoundVersion {
  readonly version: string;
  readonly offset: number;
}

/** Where and how an anchor occurs in the bytes, or undefined. */
export function findVersion(
  { bytes, path }: Pick<WholeFile, 'bytes' | 'path'>,
  mark: VersionMark,
): FoundVersion | undefined {
  if (mark.needs !== undefined && !bytes.includes(mark.needs, 0, 'latin1')) return undefined;
  const lines = mark.line === undefined ? [''] : linesOf(bytes, path, mark.line);
  for (const line of lines) {
    for (const anchor of mark.anchors) {
      const [found] = search(bytes, anchor.replace('{line}', line), mark.pattern);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function linesOf(
  bytes: Buffer,
  path: string,
  { anchor, pattern }: NonNullable<VersionMark['line']>,
): readonly string[] {
  const named = pattern.exec(path.slice(path.lastIndexOf('/') + 1))?.[1];
  if (named !== undefined) return [named];
  const versions = new Set([...search(bytes, anchor, pattern)].map(({ version }) => version));
  return [...versions].slice(0, linesMax);
}

/** Checks the first occurrences of a text; a program does not have hundreds before its version. */
function* search(
  bytes: Buffer,
  anchor: string,
  pattern: RegExp,
): Generator<FoundVersion, void, undefined> {
  let at = bytes.indexOf(anchor, 0, 'latin1');
  for (let tried = 0; at >= 0 && tried < inventoryLimits.versionPatternHits; tried += 1) {
    const found = matchAt(bytes, { at, anchor, pattern });
    if (found !== undefined) yield found;
    at = bytes.indexOf(anchor, at + anchor.length, 'latin1');
  }
}

/**
 * A match that begins in the anchor takes precedence: versions of other software may be near it.
 */
function matchAt(
  bytes: Buffer,
  { at, anchor, pattern }: { at: number; anchor: string; pattern: RegExp },
): FoundVersion | undefined {
  const behind = pattern.exec(bytes.toString('latin1', at, at + windowAfter));
  if (behind !== null && behind.index < anchor.length) return placed(behind, at);
  const from = Math.max(0, at - windowBefore);
  const around = pattern.exec(bytes.toString('latin1', from, at + windowAfter));
  return around === null ? undefined : placed(around, from);
}

function placed(match: RegExpExecArray, from: number): FoundVersion | undefined {
  const version = match[1];
  if (version === undefined) return undefined;
  return { version, offset: from + match.index + match[0].indexOf(version) };
}

/** A package that is only identified by a pattern. */
export function patternPackage(
  path: string,
  { name, version, offset }: FoundVersion & { readonly name: string },
): PackageFact {
  return {
    kind: 'package',
    path,
    type: 'generic',
    name,
    version,
    purl: packageUrl({ type: 'generic', name, version }),
    foundBy: 'pattern',
    state: 'installed',
    offset,
  };
}
