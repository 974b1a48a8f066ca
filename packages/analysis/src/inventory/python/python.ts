/**
 * Installed Python distributions: `.dist-info` and `.egg-info` as directory or file, `.egg`
 * archives, and the installed files in RECORD (PEP 376, PEP 427, and
 * https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
 */
import type { Fact } from '@lazaret/protocol';

import { archiveLimits } from '../../archive/limits.ts';
import { ZipError } from '../../archive/zip-entry.ts';
import { readMember, readZip } from '../../archive/zip.ts';
import { analysisLimits } from '../../limits.ts';
import type { FileEntry } from '../../tree/file-tree.ts';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { packageFactOf } from '../found-package.ts';
import { readPythonMetadata } from './python-metadata.ts';
import { pythonName } from './python-name.ts';

const metadataPath =
  /(?:\.dist-info\/METADATA|\.egg-info\/PKG-INFO|EGG-INFO\/PKG-INFO|[^/]\.egg-info)$/;
const recordId = 'python-record';

export const pythonReader: Reader = {
  id: 'python',
  version: 1,
  wants: { names: ['METADATA', 'PKG-INFO'], endings: ['.egg-info'] },
  accepts: ({ path, type }) => metadataPath.test(path) && (type === 'file' || type === 'hardlink'),
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emit(packageFactOf(file.path, readPythonMetadata(file.bytes))),
};

export const pythonEggReader: Reader = {
  id: 'python-egg',
  version: 1,
  wants: { endings: ['.egg'] },
  maxBytes: archiveLimits.nestedFileBytes,
  read(file, emit) {
    const path = `${file.path}!/EGG-INFO/PKG-INFO`;
    emit(packageFactOf(path, readPythonMetadata(readEggInfo(file.bytes))));
  },
};

/** RECORD of wheels, and the list that `setup.py install` and pip wrote for old packages. */
export const pythonRecordReader: Reader = {
  id: recordId,
  version: 1,
  wants: { names: ['RECORD', 'installed-files.txt'] },
  accepts: (file) => ownerOf(file) !== undefined,
  maxBytes: inventoryLimits.readerTextBytes,
  read: readRecord,
};

function readEggInfo(bytes: Buffer): Buffer {
  try {
    const { nestedEntries: entries, nestedRatio: ratio } = archiveLimits;
    const { gapsListed: notes } = analysisLimits;
    const ratioFreeBytes = inventoryLimits.readerJsonBytes;
    const archive = readZip(bytes, { entries, ratio, ratioFreeBytes, notes });
    const member = archive.members.find(({ path }) => path === 'EGG-INFO/PKG-INFO');
    if (member !== undefined) return readMember(archive, member, inventoryLimits.readerTextBytes);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new ReadError(error.code === 'encrypted' ? 'encrypted' : 'damaged', error.message);
  }
  throw new ReadError('missing_part', 'has no EGG-INFO/PKG-INFO');
}

interface Owner {
  readonly name: string;
  readonly version: string;
  /** The base of the paths in the list. */
  readonly base: string;
}

/** The name of the directory identifies the package of the list. */
function ownerOf({ path }: FileEntry): Owner | undefined {
  const parts = path.split('/');
  const [list, directory] = [parts.at(-1), parts.at(-2)];
  const isRecord = list === 'RECORD';
  const form = isRecord
    ? /^(.+?)-([^-]+)\.dist-info$/
    : /^(.+?)-([^-]+?)(?:-py[0-9.]+)?\.egg-info$/;
  const [, name, version] = form.exec(directory ?? '') ?? [];
  if (name === undefined || version === undefined) return undefined;
  return { name: pythonName(name), version, base: parts.slice(0, isRecord ? -2 : -1).join('/') };
}

function readRecord(file: WholeFile, emit: (fact: Fact) => void): void {
  const owner = ownerOf(file);
  if (owner === undefined) return;
  const warnings = createParseWarnings({ reader: recordId, path: file.path, emit });
  const owned = createOwnedFiles(warnings);
  for (const { start, end } of linesOf(file.bytes)) {
    const [path, digest] = readRow(textOf(file.bytes, start, end));
    if (path === undefined || path === '') continue;
    const whole = path.startsWith('/') ? path : `${owner.base}/${path}`;
    owned.add(whole, digestOf(digest));
  }
  const { name, version } = owner;
  emit({ kind: 'ownership', path: file.path, type: 'pypi', name, version, files: owned.take() });
}

/** Path, digest and size as comma-separated values; only paths are ever quoted. */
function readRow(line: string): [path: string | undefined, digest: string | undefined] {
  if (line.startsWith('"')) {
    const [, path, digest] = /^"((?:[^"]|"")*)",?([^,]*)/.exec(line) ?? [];
    return [path?.replaceAll('""', '"'), digest];
  }
  const [path, digest] = line.split(',', 2);
  return [path, digest];
}

/** `sha256=` and URL-safe Base64 without padding; other algorithms are omitted. */
function digestOf(text: string | undefined): string | undefined {
  const value = /^sha256=([A-Za-z0-9_-]{43})=?$/.exec(text ?? '')?.[1];
  return value === undefined
    ? undefined
    : `sha256:${Buffer.from(value, 'base64url').toString('hex')}`;
}
