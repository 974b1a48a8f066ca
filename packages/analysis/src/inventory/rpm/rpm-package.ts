/** Converts a header to facts. Tags: rpmtag.h of rpm. */
import type { Fact, PackageFact } from '@lazaret/protocol';

import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';
import { digestOfHex } from '../system/owned-files.ts';
import type { OwnedFiles } from '../system/owned-files.ts';
import { distinctNames, plainWord, present } from '../parsing/package-text.ts';
import { textOf } from '../parsing/text-lines.ts';
import { numbersOf, stringsOf } from './header-blob.ts';
import type { RpmHeader } from './header-blob.ts';

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  architecture: 1022,
  oldFileNames: 1027,
  fileStates: 1029,
  fileDigests: 1035,
  sourceRpm: 1044,
  requireNames: 1049,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  digestAlgorithm: 5011,
  modularityLabel: 5096,
} as const;

/** Numbers of OpenPGP, RFC 9580 section 9.5; MD5 when the tag is missing. */
const knownAlgorithms: ReadonlySet<number> = new Set([1, 2, 8]);
/** rpmfi.h: installed, and replaced by another package's file. */
const stateNormal = 0;
const stateReplaced = 1;

export interface HeaderPlace {
  readonly path: string;
  readonly warnings: ParseWarnings;
  readonly owned: OwnedFiles;
}

/** The facts of one package; keys that rpm stores as packages have none. Throws ReadError. */
export function* describeHeader(
  header: RpmHeader,
  { path, warnings, owned }: HeaderPlace,
): Generator<Fact, void, undefined> {
  const name = plainWord(firstText(header, tags.name), 'the name of a package', warnings);
  if (name === undefined || name === 'gpg-pubkey') return;
  const version = plainWord(firstText(header, tags.version), `the version of ${name}`, warnings);
  const release = plainWord(firstText(header, tags.release), `the release of ${name}`, warnings);
  if (version === undefined || release === undefined) return;
  const [epoch = 0] = numbersOf(header, tags.epoch);
  // It is a package even without the other fields.
  const textOf = (tag: number): string | undefined =>
    attempt(() => firstText(header, tag), warnings);
  const architecture = textOf(tags.architecture);
  const licence = textOf(tags.license);
  const needs = attempt(() => distinctNames(requirements(header), warnings), warnings);
  const fact = rpmFact({
    ...{ path, name, versionRelease: `${version}-${release}`, epoch, architecture },
    sourceRpm: textOf(tags.sourceRpm),
    modularityLabel: textOf(tags.modularityLabel),
    supplier: textOf(tags.vendor),
  });
  yield {
    ...fact,
    ...present('licenses', licence === undefined || licence === '' ? [] : [licence]),
    ...present('dependsOn', needs),
  };
  listFiles(header, owned);
  const files = owned.take();
  if (files.length === 0) return;
  yield {
    kind: 'ownership',
    path,
    type: 'rpm',
    name,
    version: fact.version,
    ...present('architecture', architecture),
    files,
  };
}

export interface RpmParts {
  readonly path: string;
  readonly name: string;
  readonly versionRelease: string;
  /** 0 when there is none: both compare as equal. */
  readonly epoch: number;
  readonly architecture: string | undefined;
  readonly sourceRpm: string | undefined;
  readonly modularityLabel?: string | undefined;
  readonly supplier?: string | undefined;
}

export function rpmFact(parts: RpmParts): PackageFact {
  const { path, name, versionRelease, epoch, architecture, sourceRpm } = parts;
  return {
    kind: 'package',
    path,
    type: 'rpm',
    name,
    version: epoch === 0 ? versionRelease : `${epoch}:${versionRelease}`,
    purl: packageUrl({
      type: 'rpm',
      name,
      version: versionRelease,
      qualifiers: {
        arch: architecture,
        epoch: epoch === 0 ? undefined : String(epoch),
        upstream: sourceRpm,
        rpmmod: parts.modularityLabel,
      },
    }),
    foundBy: 'database',
    state: 'installed',
    ...present('architecture', architecture),
    ...present('source', sourceOf(sourceRpm)),
    ...present('supplier', parts.supplier),
  };
}

/** `bash-5.2-1.src.rpm`: the name, and its version and release. */
function sourceOf(text: string | undefined): { name: string; version?: string } | undefined {
  const [, name, version] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(text ?? '') ?? [];
  return name === undefined ? undefined : { name, ...present('version', version) };
}

function attempt<T>(read: () => T, warnings: ParseWarnings): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    warnings.add(error.reason, error.message);
    return undefined;
  }
}

function firstText(header: RpmHeader, tag: number): string | undefined {
  for (const bytes of stringsOf(header, tag)) return textOf(bytes);
  return undefined;
}

/** A capability of rpm itself is not a package. */
function* requirements(header: RpmHeader): Generator<string, void, undefined> {
  for (const bytes of stringsOf(header, tags.requireNames)) {
    const text = textOf(bytes);
    if (!text.startsWith('rpmlib(')) yield text;
  }
}

function listFiles(header: RpmHeader, owned: OwnedFiles): void {
  checkCounts(header);
  const [algorithm = 1] = numbersOf(header, tags.digestAlgorithm);
  const states = numbersOf(header, tags.fileStates);
  const digests = stringsOf(header, tags.fileDigests);
  let index = 0;
  for (const path of filePaths(header)) {
    const next = digests.next();
    const hex = next.done === true ? '' : next.value.toString('latin1');
    const state = states[index] ?? stateNormal;
    index += 1;
    const digest = knownAlgorithms.has(algorithm) ? digestOfHex(hex) : undefined;
    if (state === stateNormal) owned.add(path, digest);
    else if (state === stateReplaced) owned.add(path);
  }
}

/** The lists of files are parallel; one of another length would mix up their digests. */
function checkCounts({ entries }: RpmHeader): void {
  const files = entries.get(tags.baseNames)?.count ?? entries.get(tags.oldFileNames)?.count ?? 0;
  const indexes = entries.has(tags.baseNames) ? entries.get(tags.dirIndexes)?.count : files;
  const digests = entries.get(tags.fileDigests)?.count ?? files;
  if (indexes !== files || digests !== files) {
    throw new ReadError(
      'damaged',
      `${files} files with ${indexes ?? 0} places, ${digests} digests`,
    );
  }
}

/** Paths as in the walk: UTF-8 with replacements, never latin1. */
function* filePaths(header: RpmHeader): Generator<string, void, undefined> {
  const directories = [...stringsOf(header, tags.dirNames)].map((bytes) => bytes.toString('utf8'));
  const indexes = numbersOf(header, tags.dirIndexes);
  let index = 0;
  for (const bytes of stringsOf(header, tags.baseNames)) {
    yield `${directories[indexes[index] ?? -1] ?? ''}${bytes.toString('utf8')}`;
    index += 1;
  }
  if (index > 0) return;
  for (const bytes of stringsOf(header, tags.oldFileNames)) yield bytes.toString('utf8');
}
