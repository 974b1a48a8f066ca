/**
 * The packages of dpkg and of opkg, which uses the same files: the status file of a root and of
 * roots inside it, the single files of `status.d` where an image was built without dpkg, and
 * the lists of files and checksums next to them. Formats: deb-control(5), dpkg-query(1).
 */
import type { PackageFact } from '@lazaret/protocol';

import { baseName } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import type { Reader, WholeFile } from '../reader.ts';
import { readParagraphs } from './control-paragraphs.ts';
import type { Paragraph } from './control-paragraphs.ts';
import { createParseWarnings } from '../parsing/parse-warnings.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { createOwnedFiles, digestOfHex } from '../system/owned-files.ts';
import { countPackages } from '../system/package-count.ts';
import { distinctNames, plainWord, present } from '../parsing/package-text.ts';
import { linesOf } from '../parsing/text-lines.ts';

const statusPath = /(?:^|\/)lib\/(?:dpkg|opkg)\/status$/;
const singlePath = /(?:^|\/)lib\/dpkg\/status\.d\/[^/]+$/;
const listPath = /(?:^|\/)lib\/(?:(?:dpkg|opkg)\/info|dpkg\/status\.d)\/[^/]+\.(?:list|md5sums)$/;
const wanted: ReadonlySet<string> = new Set([
  ...['package', 'version', 'architecture', 'status', 'source', 'maintainer'],
  ...['depends', 'pre-depends'],
]);

export const dpkgReader: Reader = {
  id: 'dpkg',
  version: 1,
  wants: { names: ['status'], parents: ['status.d'] },
  accepts: ({ path }) => (statusPath.test(path) || singlePath.test(path)) && !listPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    const warnings = createParseWarnings({ reader: 'dpkg', path: file.path, emit });
    const count = countPackages();
    const single = singlePath.test(file.path);
    for (const paragraph of readParagraphs(file.bytes, wanted, warnings)) {
      if (!paragraph.closed && !single) {
        warnings.add('damaged', `the file ends inside the paragraph of line ${paragraph.line}`);
      }
      const fact = describePackage(paragraph, file.path, warnings);
      if (fact === undefined) continue;
      count();
      emit(fact);
    }
  },
};

/** `libc6:amd64.list`, `base-files.md5sums`: which files a package installed, and their MD5. */
export const dpkgFilesReader: Reader = {
  id: 'dpkg-files',
  version: 1,
  wants: { endings: ['.list', '.md5sums'] },
  accepts: ({ path }) => listPath.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    const warnings = createParseWarnings({ reader: 'dpkg-files', path: file.path, emit });
    const base = baseName(file.path);
    const owned = createOwnedFiles(warnings);
    const isList = base.endsWith('.list');
    for (const { start, end } of linesOf(file.bytes)) {
      if (end === start) continue;
      // Paths as in the walk: UTF-8 with replacements, never latin1.
      const text = file.bytes.toString('utf8', start, end);
      if (isList) owned.add(text.replace(/\t.*$/, ''));
      else addChecksum(text);
    }
    const [name = '', architecture] = base.slice(0, base.lastIndexOf('.')).split(':');
    emit({
      kind: 'ownership',
      path: file.path,
      type: 'deb',
      name,
      ...present('architecture', architecture),
      files: owned.take(),
    });

    function addChecksum(text: string): void {
      const cut = text.indexOf(' ');
      const digest = digestOfHex(text.slice(0, Math.max(cut, 0)));
      if (digest === undefined) warnings.add('damaged', 'a line has no checksum');
      else owned.add(text.slice(cut).replace(/^ [ *]/, ''), digest);
    }
  },
};

function describePackage(
  { fields, line }: Paragraph,
  path: WholeFile['path'],
  warnings: ParseWarnings,
): PackageFact | undefined {
  const state = stateOf(fields.get('status'));
  const written = fields.get('package');
  // dpkg keeps entries of packages that are not installed; such a paragraph has no version.
  if (state === 'unknown' && fields.get('version') === undefined) return undefined;
  const name = plainWord(written, `the name of the package of line ${line}`, warnings);
  if (name === undefined) return undefined;
  const version = plainWord(fields.get('version'), `the version of ${name}`, warnings);
  if (version === undefined) return undefined;
  const architecture = fields.get('architecture');
  const needs = [fields.get('pre-depends') ?? '', fields.get('depends') ?? ''].join(',');
  return {
    kind: 'package',
    path,
    type: 'deb',
    name,
    version,
    purl: packageUrl({ type: 'deb', name, version, qualifiers: { arch: architecture } }),
    foundBy: 'database',
    state: state === 'unknown' ? 'removed' : state,
    ...present('architecture', architecture),
    ...present('source', sourceOf(fields.get('source'))),
    ...present('supplier', fields.get('maintainer')),
    ...present('dependsOn', distinctNames(relationNames(needs), warnings)),
  };
}

/**
 * `install ok installed`: desired action, error flag, state. A file of `status.d` has no
 * such field, because all of its packages are installed.
 */
function stateOf(status: string | undefined): PackageFact['state'] | 'unknown' {
  if (status === undefined) return 'installed';
  const [, flag, state] = status.toLowerCase().split(/\s+/, 3);
  if (state === 'not-installed') return 'unknown';
  if (state === 'config-files') return 'removed';
  if (flag === 'reinstreq' || flag === 'reinst-required') return 'broken';
  const done = ['installed', 'triggers-pending', 'triggers-awaited'];
  return done.includes(state ?? '') ? 'installed' : 'broken';
}

/** `glibc (2.36-9)`, the version only if it differs from that of the package. */
function sourceOf(text: string | undefined): { name: string; version?: string } | undefined {
  const [, name, version] = /^([^\s(]+)\s*(?:\(([^)\s]*)\))?/.exec(text ?? '') ?? [];
  return name === undefined ? undefined : { name, ...present('version', version) };
}

/** The names in `a (>= 1) | b [amd64], c:any <!nocheck>`. */
function* relationNames(text: string): Generator<string, void, undefined> {
  for (const relation of text.split(/[,|]/)) {
    const [, name] = /^\s*([^\s([<:=>]+)/.exec(relation) ?? [];
    if (name !== undefined) yield name;
  }
}
