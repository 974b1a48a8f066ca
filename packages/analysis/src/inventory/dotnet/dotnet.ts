/** .NET: what a program was published with, and what lock files require. */
import type { Fact, PackageFact } from '@lazaret/protocol';

import { inventoryLimits } from '../limits.ts';
import { packageUrl } from '../purl.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { readXml } from '../parsing/untrusted-xml.ts';
import { asObject, field, parseJsonObject } from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';

/**
 * `name.deps.json` next to a program lists what it loads (dotnet/sdk, "runtime configuration
 * files"). In a runtime's folder `Microsoft.NETCore.App/8.0.1` it also names the runtime.
 */
export const dotnetDependenciesReader: Reader = {
  id: 'dotnet-deps',
  version: 1,
  wants: { endings: ['.deps.json'] },
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    const document = parseJsonObject(file.bytes);
    const libraries = asObject(field(document, 'libraries'));
    if (libraries === undefined) return;
    const known = { path: file.path, foundBy: 'metadata', state: 'installed' } as const;
    const runtime = runtimeOf(file.path);
    if (runtime !== undefined) emit(nuget(runtime, known));
    emitLibraries(libraries, { known, emit, needs: dependencies(document) });
  },
};

/** Lock files of NuGet: what a build requires. */
export const nugetLockReader: Reader = {
  id: 'nuget-lock',
  version: 1,
  wants: { names: ['packages.lock.json', 'project.assets.json', 'packages.config'] },
  maxBytes: inventoryLimits.readerTextBytes,
  read(file, emit) {
    const known = { path: file.path, foundBy: 'lock-file', state: 'declared' } as const;
    if (file.path.endsWith('.config')) {
      const { found, isWhole } = configPackages(file.bytes);
      for (const one of found) emit(nuget(one, known));
      if (!isWhole) throw new ReadError('damaged', 'not XML, or truncated');
      return;
    }
    const document = parseJsonObject(file.bytes);
    if (file.path.endsWith('project.assets.json')) {
      const libraries = asObject(field(document, 'libraries'));
      if (libraries === undefined) throw new ReadError('damaged', 'has no list of libraries');
      emitLibraries(libraries, { known, emit, needs: dependencies(document) });
    } else emitLock(document, known, emit);
  },
};

interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

type Known = Pick<PackageFact, 'path' | 'foundBy' | 'state'>;

function nuget(
  { name, version }: NamedVersion,
  known: Known,
  dependsOn: readonly string[] = [],
): PackageFact {
  const purl = packageUrl({ type: 'nuget', name, version });
  const fact = { kind: 'package', ...known, type: 'nuget', name, version, purl } as const;
  return dependsOn.length > 0 ? { ...fact, dependsOn: [...dependsOn] } : fact;
}

function emitLibraries(
  libraries: JsonObject,
  {
    known,
    emit,
    needs,
  }: {
    known: Known;
    emit: (fact: Fact) => void;
    needs: ReadonlyMap<string, readonly string[]>;
  },
): void {
  let warnings = 0;
  for (const [key, value] of Object.entries(libraries).slice(0, inventoryLimits.packagesPerFile)) {
    // A `reference` is a file of the machine that built it, and a part of another package.
    if (field(asObject(value), 'type') === 'reference') continue;
    const one = splitKey(key);
    if (one === undefined) warnings += 1;
    else emit(nuget(one, known, needs.get(key)));
  }
  if (warnings > 0)
    throw new ReadError('damaged', `${warnings} libraries have no name and version`);
}

/** `Name/1.2.3`; packs of the runtime have a prefix. */
function splitKey(key: string): NamedVersion | undefined {
  const slash = key.lastIndexOf('/');
  const name = key.slice(0, Math.max(slash, 0)).replace(/^runtimepack\./, '');
  const version = key.slice(slash + 1);
  const isPlausible = /^[\w.-]{1,200}$/.test(name) && /^[\w.+-]{1,200}$/.test(version);
  return isPlausible ? { name, version } : undefined;
}

/** Dependencies of each library, for all targets. */
function dependencies(document: JsonObject): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  const targets = Object.values(asObject(field(document, 'targets')) ?? {}).slice(0, 100);
  for (const target of targets) {
    for (const [key, value] of Object.entries(asObject(target) ?? {})) {
      const names = Object.keys(asObject(field(asObject(value), 'dependencies')) ?? {});
      if (names.length > 0 && !needs.has(key)) needs.set(key, names);
    }
  }
  return needs;
}

function runtimeOf(path: string): NamedVersion | undefined {
  const [file = '', version = '', name = ''] = path.split('/').toReversed();
  const isRuntime = file === `${name}.deps.json` && /^\d[\w.-]{0,60}$/.test(version);
  return isRuntime ? { name, version } : undefined;
}

function emitLock(document: JsonObject, known: Known, emit: (fact: Fact) => void): void {
  const seen = new Set<string>();
  const frameworks = Object.values(asObject(field(document, 'dependencies')) ?? {});
  for (const framework of frameworks) {
    for (const [name, value] of Object.entries(asObject(framework) ?? {})) {
      const entry = asObject(value);
      const version = field(entry, 'resolved');
      // Projects of the same solution have no version: they are not packages.
      if (typeof version !== 'string' || seen.has(`${name}/${version}`)) continue;
      seen.add(`${name}/${version}`);
      if (seen.size > inventoryLimits.packagesPerFile) {
        throw new ReadError('too_many', `more than ${inventoryLimits.packagesPerFile} packages`);
      }
      emit(
        nuget({ name, version }, known, Object.keys(asObject(field(entry, 'dependencies')) ?? {})),
      );
    }
  }
}

function configPackages(bytes: Buffer): { found: readonly NamedVersion[]; isWhole: boolean } {
  const found: NamedVersion[] = [];
  const isWhole = readXml(bytes, {
    open: ({ name: tag, attributes }) => {
      const [name, version] = [attributes.get('id'), attributes.get('version')];
      if (tag !== 'package' || found.length >= inventoryLimits.packagesPerFile) return;
      if (name !== undefined && version !== undefined) found.push({ name, version });
    },
  });
  return { found, isWhole };
}
