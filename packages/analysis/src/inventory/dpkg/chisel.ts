/**
 * The manifest of an Ubuntu image that was built from slices of packages, without dpkg: one JSON
 * object per line, compressed. Format: Chisel's documentation, "Chisel manifest" ("jsonwall" 1.0).
 */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';

import type { Fact } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { parseRecord, textIn } from '../parsing/json-record.ts';
import type { JsonRecord } from '../parsing/json-record.ts';
import { createOwnedFiles, digestOfHex } from '../system/owned-files.ts';
import type { OwnedFile } from '../system/owned-files.ts';
import { countPackages } from '../system/package-count.ts';
import { plainWord, present } from '../parsing/package-text.ts';
import { linesOf } from '../parsing/text-lines.ts';

const manifestPath = /(?:^|\/)chisel\/manifest\.wall$/;
const lineBytes = 64 * 1024;
const badLines = 1_000;
const inflate = promisify(zstdDecompress);

export const chiselReader: Reader = {
  id: 'chisel',
  version: 1,
  wants: { names: ['manifest.wall'] },
  accepts: ({ path }) => manifestPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: readManifest,
};

async function readManifest(file: WholeFile, emit: (fact: Fact) => void): Promise<void> {
  const { path } = file;
  const warnings = createParseWarnings({ reader: 'chisel', path, emit });
  const owned = createOwnedFiles(warnings);
  const count = countPackages();
  const packages = new Map<string, OwnedFile[]>();
  for (const record of recordsOf(await decompress(file.bytes), warnings)) {
    const kind = record['kind'];
    if (kind === 'package') {
      const fact = describePackage(record, path, warnings);
      count();
      if (fact !== undefined) emit(fact);
    } else if (kind === 'path') {
      owned.add(textIn(record, 'path') ?? '', digestIn(record));
      const [one] = owned.take();
      if (one !== undefined) for (const name of ownersOf(record)) filesOf(name).push(one);
    }
  }
  for (const [name, files] of packages) {
    emit({ kind: 'ownership', path, type: 'deb', name, files });
  }

  function filesOf(name: string): OwnedFile[] {
    const files = packages.get(name) ?? [];
    packages.set(name, files);
    return files;
  }
}

async function decompress(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: inventoryLimits.readerTextBytes });
  } catch (error) {
    if (!(error instanceof RangeError)) throw new ReadError('damaged', 'not a valid zstd stream');
    throw new ReadError('too_large', `more than ${inventoryLimits.readerTextBytes} bytes`);
  }
}

/** The header says how many lines there are, itself included. */
function* recordsOf(
  bytes: Buffer,
  warnings: ParseWarnings,
): Generator<JsonRecord, void, undefined> {
  let number = 0;
  let stated: unknown;
  let bad = 0;
  for (const { start, end } of linesOf(bytes)) {
    number += 1;
    const isShort = end - start <= lineBytes;
    const record = isShort ? parseRecord(bytes.toString('utf8', start, end)) : undefined;
    if (number === 1) {
      if (record?.['jsonwall'] !== '1.0') throw new ReadError('unsupported', 'no jsonwall 1.0');
      stated = record['count'];
    } else if (record === undefined) {
      bad += 1;
      warnings.add('damaged', `line ${number} is not a record`);
      // Each costs an exception; a file of such lines is not a manifest.
      if (bad > badLines)
        throw new ReadError('damaged', `more than ${badLines} lines are not records`);
    } else yield record;
  }
  if (number !== stated) warnings.add('damaged', `${number} lines of ${String(stated)}`);
}

function describePackage(
  record: JsonRecord,
  path: string,
  warnings: ParseWarnings,
): Fact | undefined {
  const name = plainWord(textIn(record, 'name'), 'the name of a package', warnings);
  if (name === undefined) return undefined;
  const version = plainWord(textIn(record, 'version'), `the version of ${name}`, warnings);
  if (version === undefined) return undefined;
  const architecture = textIn(record, 'arch');
  return {
    kind: 'package',
    path,
    type: 'deb',
    name,
    version,
    purl: packageUrl({ type: 'deb', name, version, qualifiers: { arch: architecture } }),
    foundBy: 'database',
    state: 'installed',
    ...present('architecture', architecture),
  };
}

/** A file that was changed during installation has a digest of the final content. */
function digestIn(record: JsonRecord): string | undefined {
  return digestOfHex(textIn(record, 'final_sha256') ?? textIn(record, 'sha256') ?? '');
}

/** `base-files` of the slice `base-files_lib`. */
function ownersOf(record: JsonRecord): Set<string> {
  const slices: unknown = record['slices'];
  const names = new Set<string>();
  if (!Array.isArray(slices)) return names;
  for (const slice of slices.slice(0, 100)) {
    const [name] = typeof slice === 'string' ? slice.split('_', 1) : [];
    if (name !== undefined && name !== '') names.add(name);
  }
  return names;
}
