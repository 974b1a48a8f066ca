/**
 * Installed packages of Node.js: each `package.json` at the root of a package below
 * `node_modules`, and elsewhere those with a name and a version: applications.
 */

import type { FileEntry } from '../../tree/file-tree.ts';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { packageFactOf } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import { asList, asObject, asText, field, parseJsonObject } from '../parsing/json-text.ts';
import type { JsonObject } from '../parsing/json-text.ts';

/** `node_modules/name/package.json`, `node_modules/@scope/name/package.json`. */
const packageRoot = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/;
/** Debian's directory for them, which NODE_PATH contains. */
const debianRoot = /(?:^|\/)usr\/(?:share|lib)\/nodejs\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/;
const insidePackage = /(?:^|\/)(?:node_modules|usr\/(?:share|lib)\/nodejs)\//;
/** Test fixtures of packages: often damaged on purpose, never loaded. */
const samples = /\/(?:tests?|__tests__|fixtures?|__fixtures__|examples?)\//;

export const npmReader: Reader = {
  id: 'npm',
  version: 2,
  wants: { names: ['package.json'] },
  accepts: (file) => isRoot(file) || debianRoot.test(file.path) || !samples.test(file.path),
  maxBytes: inventoryLimits.readerJsonBytes,
  read(file, emit) {
    const isRequired = isRoot(file);
    const found = isRequired ? describe(parseJsonObject(file.bytes)) : tryPackage(file.bytes, file);
    if (found !== undefined) emit(packageFactOf(file.path, found));
    else if (isRequired) throw new ReadError('missing_part', 'has no name or no version');
  },
};

function isRoot({ path }: FileEntry): boolean {
  return packageRoot.test(path);
}

/**
 * Inside packages `package.json` may be anything; only that of an application must be valid. One
 * marked private is a part of its package, not a package.
 */
function tryPackage(bytes: Buffer, { path }: FileEntry): FoundPackage | undefined {
  try {
    const json = parseJsonObject(bytes);
    const isPart = insidePackage.test(path) && !debianRoot.test(path);
    return isPart && field(json, 'private') === true ? undefined : describe(json);
  } catch (error) {
    if (insidePackage.test(path)) return undefined;
    throw error;
  }
}

function describe(json: JsonObject): FoundPackage | undefined {
  const name = asText(field(json, 'name'));
  const version = asText(field(json, 'version'));
  if (name === undefined || version === undefined) return undefined;
  return {
    type: 'npm',
    name: name.trim(),
    version: version.trim(),
    foundBy: 'metadata',
    state: 'installed',
    licenses: licensesOf(json),
    supplier: personOf(field(json, 'author')),
    dependsOn: Object.keys(asObject(field(json, 'dependencies')) ?? {}),
  };
}

/** Now a string, in old packages an object with a type or a list of those. */
function licensesOf(json: JsonObject): string[] {
  const all = [field(json, 'license'), ...asList(field(json, 'licenses'))];
  return all
    .map((license) => asText(license) ?? asText(field(asObject(license), 'type')))
    .filter((license) => license !== undefined);
}

/** `Name <mail> (url)` or an object with a name. */
function personOf(author: unknown): string | undefined {
  const text = asText(author) ?? asText(field(asObject(author), 'name'));
  return text?.split(/[<(]/, 1)[0]?.trim();
}
