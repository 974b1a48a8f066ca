/**
 * Lock files of npm in their three versions (https://docs.npmjs.com/cli/configuring-npm/
 * package-lock-json) and of Bun. They require packages, which may not be installed.
 */

import type { FileEntry } from '../../tree/file-tree.ts';
import { inventoryLimits } from '../limits.ts';
import type { Reader } from '../reader.ts';
import { emitPackages } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import {
  asList,
  asObject,
  asText,
  field,
  parseJsonObject,
  parseRelaxedJson,
} from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';

/** Lock files inside packages are leftovers of their authors; npm ignores them. */
export function isOutsidePackages({ path }: FileEntry): boolean {
  return !/(?:^|\/)node_modules\//.test(path);
}

/** A package that a lock file of Node.js requires. */
export function declaredNpm(name: string, version: string): FoundPackage {
  return { type: 'npm', name, version, foundBy: 'lock-file', state: 'declared' };
}

export const npmLockReader: Reader = {
  id: 'npm-lock',
  version: 1,
  wants: { names: ['package-lock.json', 'npm-shrinkwrap.json'] },
  accepts: isOutsidePackages,
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    if (file.bytes.length === 0) return;
    const json = parseJsonObject(file.bytes);
    const packages = asObject(field(json, 'packages'));
    emitPackages(file.path, packages === undefined ? listTree(json) : listFlat(packages), emit);
  },
};

export const bunLockReader: Reader = {
  id: 'bun-lock',
  version: 1,
  wants: { names: ['bun.lock'] },
  accepts: isOutsidePackages,
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    if (file.bytes.length === 0) return;
    const packages = asObject(field(asObject(parseRelaxedJson(file.bytes)), 'packages'));
    emitPackages(file.path, listBun(packages ?? {}), emit);
  },
};

/** Versions 2 and 3: by installation path; targets of links are listed themselves. */
function* listFlat(packages: JsonObject): Generator<FoundPackage> {
  for (const [place, value] of Object.entries(packages)) {
    const entry = asObject(value);
    const version = asText(field(entry, 'version'));
    const at = place.lastIndexOf('node_modules/');
    if (at < 0 || version === undefined || field(entry, 'link') === true) continue;
    const name = asText(field(entry, 'name')) ?? place.slice(at + 'node_modules/'.length);
    yield declaredNpm(name, version);
  }
}

/** Version 1: nested, to any depth. */
function* listTree(json: JsonObject): Generator<FoundPackage> {
  const waiting = [json];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const dependencies = asObject(field(next, 'dependencies')) ?? {};
    for (const [name, value] of Object.entries(dependencies)) {
      const entry = asObject(value);
      if (entry === undefined) continue;
      waiting.push(entry);
      const found = readVersion1(name, asText(field(entry, 'version')));
      if (found !== undefined) yield found;
    }
  }
}

/** The version may be `npm:other@1.0.0`; a URL or a path has no version. */
function readVersion1(name: string, version: string | undefined): FoundPackage | undefined {
  if (version === undefined) return undefined;
  const [, alias, aliased] = /^npm:(@?[^@]+)@(.+)$/.exec(version) ?? [];
  if (alias !== undefined && aliased !== undefined) return declaredNpm(alias, aliased);
  return /^[0-9]/.test(version) ? declaredNpm(name, version) : undefined;
}

/** Each a list that begins with `name@version`; other sources have no version there. */
function* listBun(packages: JsonObject): Generator<FoundPackage> {
  for (const value of Object.values(packages)) {
    const found = splitSpecifier(asText(asList(value)[0]) ?? '');
    if (found !== undefined) yield found;
  }
}

/** `name@1.0.0` or `@scope/name@1.0.0`; undefined when what follows is not a version. */
export function splitSpecifier(text: string): FoundPackage | undefined {
  const at = text.indexOf('@', 1);
  const version = text.slice(at + 1);
  return at > 0 && /^[0-9]/.test(version) ? declaredNpm(text.slice(0, at), version) : undefined;
}
