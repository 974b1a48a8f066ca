/**
 * Installed gems: the specifications that RubyGems writes when it installs one. They are Ruby code,
 * which is not executed: only literals are read, all else is unknown.
 */
import { limits } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { emitPackages, packageFactOf } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import { readFirstLiteral, readLiterals } from './ruby-literal.ts';

export const gemspecReader: Reader = {
  id: 'gemspec',
  version: 1,
  wants: { endings: ['.gemspec'] },
  accepts: ({ path }) => /(?:^|\/)specifications\/(?:default\/)?[^/]+$/.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emit(packageFactOf(file.path, readSpecification(file.bytes))),
};

export const gemfileLockReader: Reader = {
  id: 'gemfile-lock',
  version: 1,
  wants: { names: ['Gemfile.lock', 'gems.locked'] },
  accepts: ({ path }) => !/(?:^|\/)gems\/[^/]+-[0-9][^/]*\//.test(path),
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emitPackages(file.path, listGemfile(file.bytes), emit),
};

interface Fields {
  name?: string | undefined;
  version?: string | undefined;
  platform?: string | undefined;
  licenses?: readonly string[] | undefined;
  authors?: readonly string[] | undefined;
  readonly dependencies: string[];
}

function readSpecification(bytes: Buffer): FoundPackage {
  const fields: Fields = { dependencies: [] };
  for (const { start, end } of linesOf(bytes)) {
    readLine(
      fields,
      textOf(bytes, start, Math.min(end, start + inventoryLimits.lockLineBytes)).trim(),
    );
  }
  const { name, version, platform } = fields;
  if (name === undefined || version === undefined) {
    throw new ReadError('unsupported', 'the name or the version is not a literal');
  }
  const isPlain = platform === undefined || platform === 'ruby';
  return {
    type: 'gem',
    name,
    version,
    foundBy: 'metadata',
    state: 'installed',
    licenses: fields.licenses,
    supplier: fields.authors?.[0],
    dependsOn: fields.dependencies,
    ...(isPlain ? {} : { qualifiers: { platform } }),
  };
}

function readLine(fields: Fields, line: string): void {
  const [, name, version, platform] = /^# stub: (\S+) (\S+) (\S+)/.exec(line) ?? [];
  if (name !== undefined) {
    // The line that RubyGems itself reads before it runs the file.
    Object.assign(fields, { name, version, platform });
    return;
  }
  const [, key, value] = /^[a-z_]+\.([a-z_]+) ?=(.*)$/.exec(line) ?? [];
  if (key !== undefined && value !== undefined) setField(fields, key, value.trim());
  const [, needed] = /^[a-z_]+\.add_(?:runtime_)?dependency ?\(?(.*)$/.exec(line) ?? [];
  const dependency = needed === undefined ? undefined : readFirstLiteral(needed);
  if (dependency === undefined || fields.dependencies.includes(dependency)) return;
  if (fields.dependencies.length < inventoryLimits.packageDependencies)
    fields.dependencies.push(dependency);
}

function setField(fields: Fields, key: string, value: string): void {
  const versionCall = /^Gem::Version\.new\((.*)\)$/.exec(value)?.[1];
  const literals = readLiterals(versionCall ?? value);
  switch (key) {
    case 'name':
    case 'version':
    case 'platform':
      fields[key] = literals?.[0] ?? fields[key];
      break;
    case 'license':
    case 'licenses':
      fields.licenses = literals;
      break;
    case 'author':
    case 'authors':
      fields.authors = literals;
      break;
    default:
  }
}

/** Below `specs:` four spaces, a name, and the version with a platform after a dash. */
function* listGemfile(bytes: Buffer): Generator<FoundPackage> {
  for (const { start, end } of linesOf(bytes)) {
    if (end - start > limits.pathBytes) continue;
    const line = textOf(bytes, start, end);
    const [, name, version, platform] =
      /^ {4}([^\s()]+) \(([^\s()-]+)(?:-([^\s()]+))?\)$/.exec(line) ?? [];
    if (name === undefined || version === undefined) continue;
    const known = { type: 'gem', foundBy: 'lock-file', state: 'declared' } as const;
    yield { ...known, name, version, qualifiers: { platform } };
  }
}
