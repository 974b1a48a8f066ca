/**
 * Lock files of Yarn, classic and modern, and of pnpm. All are generated, with one fact per line:
 * they are read by lines, which is many times faster than a YAML parser.
 */

import { inventoryLimits } from '../limits.ts';
import type { Reader } from '../reader.ts';
import { linesOf, textOf } from '../parsing/text-lines.ts';
import { emitPackages } from '../found-package.ts';
import type { FoundPackage } from '../found-package.ts';
import { declaredNpm, isOutsidePackages, splitSpecifier } from './npm-lock.ts';

export const yarnLockReader: Reader = {
  id: 'yarn-lock',
  version: 1,
  wants: { names: ['yarn.lock'] },
  accepts: isOutsidePackages,
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emitPackages(file.path, listYarn(file.bytes), emit),
};

export const pnpmLockReader: Reader = {
  id: 'pnpm-lock',
  version: 1,
  wants: { names: ['pnpm-lock.yaml'] },
  accepts: isOutsidePackages,
  maxBytes: inventoryLimits.readerTextBytes,
  read: (file, emit) => emitPackages(file.path, listPnpm(file.bytes), emit),
};

interface Block {
  readonly key: string;
  readonly fields: Map<string, string>;
}

interface LockLine {
  readonly depth: number;
  readonly text: string;
}

/** Blocks: a key at `indent`, and the scalar values two spaces deeper. */
function* blocksOf(bytes: Buffer, indent: number, section?: string): Generator<Block> {
  let block: Block | undefined;
  let isInside = section === undefined;
  for (const { depth, text } of lockLines(bytes, indent + 2)) {
    if (depth > indent) {
      if (depth === indent + 2) addValue(block, text);
      continue;
    }
    if (block !== undefined) yield block;
    if (section !== undefined && depth === 0) isInside = text === `${section}:`;
    const isKey = isInside && depth === indent && text.endsWith(':');
    block = isKey ? { key: text.slice(0, -1), fields: new Map() } : undefined;
  }
  if (block !== undefined) yield block;
}

function* lockLines(bytes: Buffer, maxDepth: number): Generator<LockLine> {
  for (const { start, end } of linesOf(bytes)) {
    let at = start;
    while (at < end && bytes[at] === 0x20) at += 1;
    const depth = at - start;
    if (at === end || depth > maxDepth || bytes[at] === 0x23) continue;
    yield { depth, text: textOf(bytes, at, Math.min(end, at + inventoryLimits.lockLineBytes)) };
  }
}

function addValue(block: Block | undefined, text: string): void {
  const [, key, value] = /^"?([a-zA-Z]+)"?:? +(.+)$/.exec(text) ?? [];
  if (key !== undefined && value !== undefined) block?.fields.set(key, unquote(value));
}

function* listYarn(bytes: Buffer): Generator<FoundPackage> {
  for (const { key, fields } of blocksOf(bytes, 0)) {
    const version = fields.get('version');
    const resolution = fields.get('resolution');
    if (version === undefined || key === '__metadata') continue;
    const specifier = resolution ?? unquote(key.split(', ', 1)[0] ?? '');
    const found = readYarn(specifier, version);
    if (found !== undefined) yield found;
  }
}

/** `name@^1.0.0`, `alias@npm:name@^1.0.0`; members of the workspace are not packages. */
function readYarn(specifier: string, version: string): FoundPackage | undefined {
  const at = specifier.indexOf('@', 1);
  if (at < 0) return declaredNpm(specifier, version);
  const range = specifier.slice(at + 1);
  if (/^(?:workspace|link|portal|file):/.test(range)) return undefined;
  const alias = /^npm:(@?[^@]+)@/.exec(range)?.[1];
  return declaredNpm(alias ?? specifier.slice(0, at), version);
}

function* listPnpm(bytes: Buffer): Generator<FoundPackage> {
  for (const { key, fields } of blocksOf(bytes, 2, 'packages')) {
    const found = readPnpm(unquote(key), fields);
    if (found !== undefined) yield found;
  }
}

/** `name@1.0.0`, `/name@1.0.0(peer@2)`, `/name/1.0.0_peer`; others have both in their fields. */
function readPnpm(key: string, fields: ReadonlyMap<string, string>): FoundPackage | undefined {
  const [name, version] = [fields.get('name'), fields.get('version')];
  if (name !== undefined && version !== undefined) return declaredNpm(name, version);
  const plain = key.replace(/^\//, '').replace(/\(.*$/, '');
  const [, old, oldVersion] = /^((?:@[^/]+\/)?[^/@]+)\/([0-9][^/_]*)/.exec(plain) ?? [];
  if (old !== undefined && oldVersion !== undefined) return declaredNpm(old, oldVersion);
  return splitSpecifier(plain);
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
