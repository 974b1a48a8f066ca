/**
 * The local database of pacman: a directory per package, with `desc` (metadata), `files` (installed
 * files) and `mtree` (the same with digests, compressed). Formats: alpm's be_local.c, mtree(5).
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { Fact } from '@lazaret/protocol';

import { baseName, parentPath } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import { readMtree } from './mtree.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import { distinctNames, plainWord, present } from '../parsing/package-text.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';

const entryPath = /(?:^|\/)lib\/pacman\/local\/[^/]+\/(?:desc|files|mtree)$/;
const inflate = promisify(gunzip);

export const pacmanReader: Reader = {
  id: 'pacman',
  version: 1,
  wants: { names: ['desc'] },
  accepts: ({ path }) => entryPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: readDescription,
};

export const pacmanFilesReader: Reader = {
  id: 'pacman-files',
  version: 1,
  wants: { names: ['files', 'mtree'] },
  accepts: ({ path }) => entryPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: readFiles,
};

const wanted: ReadonlySet<string> = new Set([
  ...['%NAME%', '%VERSION%', '%BASE%', '%ARCH%', '%LICENSE%', '%PACKAGER%', '%DEPENDS%'],
]);

function readDescription({ path, bytes }: WholeFile, emit: (fact: Fact) => void): void {
  const warnings = createParseWarnings({ reader: 'pacman', path, emit });
  const fields = new Map<string, string[]>();
  let room: number = inventoryLimits.packageFieldBytes;
  for (const { section, start, end } of sectionLines(bytes)) {
    if (!wanted.has(section)) continue;
    room -= end - start;
    if (room < 0) {
      warnings.add(
        'too_large',
        `the fields have more than ${inventoryLimits.packageFieldBytes} bytes`,
      );
      break;
    }
    const values = fields.get(section) ?? [];
    values.push(textOf(bytes, start, end));
    fields.set(section, values);
  }
  const name = plainWord(first('%NAME%'), 'the name of the package', warnings);
  const version = plainWord(first('%VERSION%'), 'the version of the package', warnings);
  if (name === undefined || version === undefined) return;
  const architecture = first('%ARCH%');
  const base = first('%BASE%');
  emit({
    kind: 'package',
    path,
    type: 'alpm',
    name,
    version,
    purl: packageUrl({ type: 'alpm', name, version, qualifiers: { arch: architecture } }),
    foundBy: 'database',
    state: 'installed',
    ...present('architecture', architecture),
    ...present('source', base === undefined ? undefined : { name: base }),
    ...present('licenses', fields.get('%LICENSE%')),
    ...present('supplier', first('%PACKAGER%')),
    ...present('dependsOn', distinctNames(dependencies(), warnings)),
  });

  function first(section: string): string | undefined {
    return fields.get(section)?.[0];
  }

  /** `glibc>=2.38`, `libfoo.so=1-64`: the name. */
  function* dependencies(): Generator<string, void, undefined> {
    for (const text of fields.get('%DEPENDS%') ?? []) yield text.trim().replace(/[<>=].*$/s, '');
  }
}

async function readFiles(file: WholeFile, emit: (fact: Fact) => void): Promise<void> {
  const { path } = file;
  const [, name, version] = /^(.+)-([^-]+-[^-]+)$/.exec(baseName(parentPath(path))) ?? [];
  if (name === undefined) throw new ReadError('damaged', 'its directory names no package');
  const warnings = createParseWarnings({ reader: 'pacman-files', path, emit });
  const owned = createOwnedFiles(warnings);
  if (baseName(path) === 'mtree') {
    for (const { path: one, type, digest } of readMtree(await decompress(file.bytes), warnings)) {
      // The package's own metadata, which is not installed.
      if (!/^(?:\.\/)?\.[A-Z]+$/.test(one)) owned.add(one, type === 'file' ? digest : undefined);
    }
  } else {
    for (const { section, start, end } of sectionLines(file.bytes)) {
      if (section === '%FILES%') owned.add(file.bytes.toString('utf8', start, end));
    }
  }
  const files = owned.take();
  emit({ kind: 'ownership', path, type: 'alpm', name, ...present('version', version), files });
}

async function decompress(bytes: Buffer): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: inventoryLimits.readerTextBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    if (tooLarge)
      throw new ReadError('too_large', `more than ${inventoryLimits.readerTextBytes} bytes`);
    throw new ReadError('damaged', 'the compressed list is damaged');
  }
}

interface SectionLine {
  /** `%NAME%` */
  readonly section: string;
  readonly start: number;
  readonly end: number;
}

/** A section is a line of its name, its lines, and an empty one. */
function* sectionLines(bytes: Buffer): Generator<SectionLine, void, undefined> {
  let section: string | undefined;
  for (const { start, end } of linesOf(bytes)) {
    if (start === end) section = undefined;
    else if (section !== undefined) yield { section, start, end };
    else section = bytes.toString('latin1', start, Math.min(end, start + 64));
  }
}
