/**
 * The database of apk, Alpine's package manager: one paragraph per package, one letter per field,
 * the files in the order of their directories.
 * Format: apk-v2(5) and the "installed database" of Alpine's wiki.
 */
import { limits } from '@lazaret/protocol';
import type { Fact } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles } from '../system/owned-files.ts';
import type { OwnedFiles } from '../system/owned-files.ts';
import { countPackages } from '../system/package-count.ts';
import { distinctNames, plainWord, present } from '../parsing/package-text.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';

const databasePath = /(?:^|\/)lib\/apk\/db\/installed$/;
/** apk-package(5): digits and dots, a letter, suffixes, a commit, a revision. */
const versionForm =
  /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(?:~[0-9a-f]+)?(?:-r\d+)?$/;

export const apkReader: Reader = {
  id: 'apk',
  version: 1,
  wants: { names: ['installed'] },
  accepts: ({ path }) => databasePath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: readDatabase,
};

interface Entry {
  /** By letter: name, version, architecture, origin, licence, maintainer, dependencies. */
  readonly fields: Map<string, string>;
  directory: string;
  file: string | undefined;
  readonly line: number;
}

function readDatabase({ bytes, path }: WholeFile, emit: (fact: Fact) => void): void {
  const warnings = createParseWarnings({ reader: 'apk', path, emit });
  const owned = createOwnedFiles(warnings);
  const count = countPackages();
  let entry: Entry | undefined;
  let number = 0;
  let closed = true;
  for (const { start, end, closed: isClosed } of linesOf(bytes)) {
    number += 1;
    closed = isClosed;
    if (start === end) {
      finish();
      continue;
    }
    entry ??= { fields: new Map(), directory: '', file: undefined, line: number };
    if (bytes[start + 1] !== 0x3a) warnings.add('damaged', `line ${number} is not a field`);
    else takeField(entry, { key: String.fromCharCode(bytes[start] ?? 0), start: start + 2, end });
  }
  if (!closed) warnings.add('damaged', 'the file ends inside a line');
  finish();

  function takeField(to: Entry, field: { key: string; start: number; end: number }): void {
    const { key, start, end } = field;
    if (key === 'F' || key === 'R') {
      if (to.file !== undefined) owned.add(to.file);
      const name = bytes.toString('utf8', start, Math.min(end, start + limits.pathBytes + 1));
      if (key === 'F') to.directory = name;
      to.file = key === 'R' ? `${to.directory}/${name}` : undefined;
    } else if (key === 'Z') {
      if (to.file !== undefined) owned.add(to.file, digestOf(bytes.toString('latin1', start, end)));
      to.file = undefined;
    } else if ('PVAoLmD'.includes(key)) {
      if (end - start <= inventoryLimits.packageFieldBytes)
        to.fields.set(key, textOf(bytes, start, end));
      else
        warnings.add(
          'too_large',
          `line ${number} has more than ${inventoryLimits.packageFieldBytes} bytes`,
        );
    }
  }

  function finish(): void {
    if (entry === undefined) return;
    count();
    if (entry.file !== undefined) owned.add(entry.file);
    for (const fact of describe(entry, { path, warnings, owned })) emit(fact);
    entry = undefined;
  }
}

interface Place {
  readonly path: string;
  readonly warnings: ParseWarnings;
  readonly owned: OwnedFiles;
}

function* describe(
  { fields, line }: Entry,
  { path, warnings, owned }: Place,
): Generator<Fact, void, undefined> {
  const files = owned.take();
  const name = plainWord(fields.get('P'), `the name of the package of line ${line}`, warnings);
  if (name === undefined) return;
  const version = plainWord(fields.get('V'), `the version of ${name}`, warnings);
  if (version === undefined) return;
  // It is installed; only its order among other versions is unknown.
  if (!versionForm.test(version)) {
    warnings.add('damaged', `the version of ${name} cannot be compared: ${version}`);
  }
  const architecture = fields.get('A');
  const origin = fields.get('o');
  const licence = fields.get('L');
  yield {
    kind: 'package',
    path,
    type: 'apk',
    name,
    version,
    purl: packageUrl({ type: 'apk', name, version, qualifiers: { arch: architecture } }),
    foundBy: 'database',
    state: 'installed',
    ...present('architecture', architecture),
    ...present('source', origin === undefined || origin === '' ? undefined : { name: origin }),
    ...present('licenses', licence === undefined || licence === '' ? [] : [licence]),
    ...present('supplier', fields.get('m')),
    ...present('dependsOn', distinctNames(dependencyNames(fields.get('D') ?? ''), warnings)),
  };
  if (files.length === 0) return;
  yield {
    kind: 'ownership',
    path,
    type: 'apk',
    name,
    version,
    ...present('architecture', architecture),
    files,
  };
}

/**
 * `Q1` and the base64 of a SHA-1, `Q2` and that of a SHA-256; of a link it is that of its target.
 */
function digestOf(text: string): string | undefined {
  const bytes = Buffer.from(text.slice(2), 'base64');
  if (text.startsWith('Q1') && bytes.length === 20) return `sha1:${bytes.toString('hex')}`;
  if (text.startsWith('Q2') && bytes.length === 32) return `sha256:${bytes.toString('hex')}`;
  return undefined;
}

/** The names in `so:libc.musl-x86_64.so.1 busybox>=1.36 !other`; conflicts are omitted. */
function* dependencyNames(text: string): Generator<string, void, undefined> {
  for (const word of text.split(/\s+/)) {
    if (!word.startsWith('!')) yield word.replace(/[<>=~].*$/s, '');
  }
}
