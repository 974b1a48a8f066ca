/**
 * Packages that Python projects require in exact versions: requirements files, and the lock files
 * of Poetry, uv, PDM, Pipenv and PEP 751.
 */
import { limits } from '@lazaret/protocol';
import { parse as parseToml } from 'smol-toml';

import type { FileEntry } from '../../tree/file-tree.ts';
import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { emitPackages } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import { asList, asObject, asText, field, parseJsonObject } from '../parsing/json-text.ts';
import { pythonName } from './python-name.ts';

export const pythonLockReader: Reader = {
  id: 'python-lock',
  version: 1,
  wants: { names: ['poetry.lock', 'uv.lock', 'pdm.lock', 'pylock.toml'] },
  accepts: isProject,
  maxBytes: inventoryLimits.readerTomlBytes,
  read: (file, emit) => emitPackages(file.path, listToml(file.bytes), emit),
};

export const pipfileLockReader: Reader = {
  id: 'pipfile-lock',
  version: 1,
  wants: { names: ['Pipfile.lock'] },
  accepts: isProject,
  maxBytes: inventoryLimits.readerJsonBytes,
  read: (file, emit) => emitPackages(file.path, listPipfile(file.bytes), emit),
};

/**
 * Only lines with `==`: a range has no version, and its packages are found where they are
 * installed.
 */
export const requirementsReader: Reader = {
  id: 'requirements',
  version: 1,
  wants: { names: ['requirements.txt', 'requirements-dev.txt', 'requirements-prod.txt'] },
  accepts: isProject,
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emitPackages(file.path, listRequirements(file.bytes), emit),
};

/** Lists inside installed packages are leftovers of their authors. */
function isProject({ path }: FileEntry): boolean {
  return !/(?:^|\/)(?:site|dist)-packages\//.test(path);
}

function declared(name: string, version: string): FoundPackage {
  const known = { type: 'pypi', foundBy: 'lock-file', state: 'declared' } as const;
  return { ...known, name: pythonName(name), version };
}

function* listToml(bytes: Buffer): Generator<FoundPackage> {
  const document = asObject(readToml(bytes));
  const list = field(document, 'package') ?? field(document, 'packages');
  for (const item of asList(list)) {
    const entry = asObject(item);
    const [name, version] = [asText(field(entry, 'name')), asText(field(entry, 'version'))];
    const source = asObject(field(entry, 'source'));
    const isOwn = field(source, 'virtual') !== undefined || field(source, 'editable') !== undefined;
    if (name !== undefined && version !== undefined && !isOwn) yield declared(name, version);
  }
}

function readToml(bytes: Buffer): unknown {
  try {
    return parseToml(bytes.toString('utf8'), { maxDepth: inventoryLimits.tomlDepth });
  } catch {
    throw new ReadError('damaged', 'not TOML');
  }
}

function* listPipfile(bytes: Buffer): Generator<FoundPackage> {
  if (bytes.length === 0) return;
  const json = parseJsonObject(bytes);
  for (const group of ['default', 'develop']) {
    for (const [name, value] of Object.entries(asObject(field(json, group)) ?? {})) {
      const version = asText(field(asObject(value), 'version'));
      if (version?.startsWith('==') === true) yield declared(name, version.replace(/^=+/, ''));
    }
  }
}

const pinned =
  /^([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]{0,8}(?:\[[^\]]*\])?[ \t]{0,8}={2,3}[ \t]{0,8}([^\s;#,\\*]+)/;

function* listRequirements(bytes: Buffer): Generator<FoundPackage> {
  for (const { start, end } of linesOf(bytes)) {
    const text = textOf(bytes, start, Math.min(end, start + limits.pathBytes)).trim();
    const [match, name, version] = pinned.exec(text) ?? [];
    if (match === undefined || name === undefined || version === undefined) continue;
    // `==1.*` is a range, and so is what continues with a comma.
    if (!/^[,*]/.test(text.slice(match.length))) yield declared(name, version);
  }
}
