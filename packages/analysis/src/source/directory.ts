/**
 * A directory of this machine as a file tree: names are never followed, only opened in their
 * directory's place, and nothing but a regular file is opened. Extended attributes, and with them
 * file capabilities, cannot be read from Node and are absent.
 */
import { constants, lstatSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

import { limits } from '@lazaret/protocol';
import type { FileType, Gap } from '@lazaret/protocol';

import { analysisLimits } from '../limits.ts';
import type { FileTree, TreeFile } from '../tree/file-tree.ts';
import { bytePath } from '@lazaret/oci';
import { SourceError } from '@lazaret/oci';
import { openDirectory } from './open-directory.ts';
import type { OpenDirectory } from './open-directory.ts';

export interface DirectoryTreeOptions {
  /** Goes on into other file systems that are mounted below; otherwise each is a gap. */
  readonly crossFileSystems?: boolean;
  /** `layerEntries` unless given. */
  readonly entries?: number;
  readonly signal?: AbortSignal;
}

export interface DirectoryTree extends FileTree {
  /**
   * What the walk could not look at, at most `gapsListed` of them; complete once it has ended. A
   * file that changes or ends early while it is read throws from its content instead.
   */
  readonly gaps: readonly DirectoryGap[];
  /** All gaps, listed or not. */
  readonly gapCount: number;
}

export type DirectoryGap = Pick<Gap, 'reason' | 'detail'> & { readonly path: string };

/** As `directoryTree`, of a root that is a directory by now. Throws SourceError otherwise. */
export async function openDirectoryTree(
  root: string,
  options: DirectoryTreeOptions = {},
): Promise<DirectoryTree> {
  await openRoot(root);
  return directoryTree(root, options);
}

/** Walks once, names of a directory in byte order. Throws SourceError when the root is none. */
export function directoryTree(root: string, options: DirectoryTreeOptions = {}): DirectoryTree {
  const walk = new DirectoryWalk(root, options);
  return {
    get gaps() {
      return walk.gaps;
    },
    get gapCount() {
      return walk.gapCount;
    },
    walk: () => walk.run(),
  };
}

interface Place {
  /** In the tree, as bytes. */
  readonly path: Buffer;
  readonly depth: number;
}

const slash = Buffer.from('/');
/** Others get their turn meanwhile: looking does not wait for anything by itself. */
const entriesPerTurn = 128;

class DirectoryWalk {
  readonly gaps: DirectoryGap[] = [];
  gapCount = 0;
  readonly #options: DirectoryTreeOptions;
  readonly #given: string;
  /** Paths of files that have further names, by device and inode. */
  readonly #linked = new Map<string, string>();
  #root: Buffer = Buffer.alloc(0);
  #device = 0n;
  #entries = 0;

  constructor(root: string, options: DirectoryTreeOptions) {
    this.#given = root;
    this.#options = options;
  }

  async *run(): AsyncGenerator<TreeFile, void, undefined> {
    const { facts, root } = await openRoot(this.#given);
    this.#root = root;
    this.#device = facts.dev;
    const top: Place = { path: Buffer.alloc(0), depth: 0 };
    yield treeFile(top.path, 'directory', facts);
    // Directories that are still to be read: a path each, not a handle.
    const pending: Place[] = [top];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const directory = this.#open(place);
      if (directory === undefined) continue;
      try {
        const inside: Place[] = [];
        const names = this.#names(directory, place);
        for (const name of names) {
          const path = place.depth === 0 ? name : Buffer.concat([place.path, slash, name]);
          if (!this.#count(path)) return;
          if (this.#entries % entriesPerTurn === 0) await setImmediate();
          const file = this.#describe(look(directory.child(name)), path);
          if (file === undefined) continue;
          yield file;
          if (file.type === 'directory') inside.push({ path, depth: place.depth + 1 });
        }
        pending.push(...inside.toReversed());
      } finally {
        directory.close();
      }
    }
  }

  /** Undefined, and a gap, for a directory that cannot or must not be read. */
  #open({ path, depth }: Place): OpenDirectory | undefined {
    if (depth > analysisLimits.treePathDepth || path.length > limits.pathBytes) {
      this.#gap('too_deep', path, 'directories are nested deeper than is looked at');
      return undefined;
    }
    try {
      const below = Buffer.concat([this.#root, slash, path]);
      const directory = openDirectory(depth > 0 ? below : this.#top());
      if (directory.device === this.#device || this.#options.crossFileSystems === true) {
        return directory;
      }
      directory.close();
      this.#gap('not_available', path, 'another file system is mounted here');
    } catch (error) {
      this.#failed(path, error);
    }
    return undefined;
  }

  #names(directory: OpenDirectory, { path }: Place): Buffer[] {
    const room = (this.#options.entries ?? analysisLimits.layerEntries) - this.#entries + 1;
    try {
      return directory.names(room);
    } catch (error) {
      this.#failed(path, error);
      return [];
    }
  }

  /** False, and a gap, when there are more files than may be looked at. */
  #count(path: Buffer): boolean {
    this.#options.signal?.throwIfAborted();
    this.#entries += 1;
    if (this.#entries <= (this.#options.entries ?? analysisLimits.layerEntries)) return true;
    this.#gap('too_many', path, 'the walk ends here: there are more files than are looked at');
    return false;
  }

  #describe(seen: Look, path: Buffer): TreeFile | undefined {
    if ('error' in seen) {
      this.#failed(path, seen.error);
      return undefined;
    }
    const { absolute, facts, target } = seen;
    const type = fileType(facts);
    if (type === 'directory') return treeFile(path, type, facts);
    const first = this.#firstName(path, facts);
    if (first !== undefined) return { ...treeFile(path, 'hardlink', facts), linkPath: first };
    if (target !== undefined) return { ...treeFile(path, type, facts), linkPath: target };
    if (type !== 'file') return treeFile(path, type, facts);
    return { ...treeFile(path, type, facts), content: content(absolute, facts) };
  }

  /** The name under which a file was met before; directories have one name only. */
  #firstName(path: Buffer, facts: BigIntStats): string | undefined {
    if (facts.nlink < 2n) return undefined;
    const key = `${facts.dev} ${facts.ino}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, path.toString('utf8'));
    return first;
  }

  #top(): Buffer {
    return this.#root.length === 0 ? slash : this.#root;
  }

  #failed(path: Buffer, error: unknown): void {
    const code = errorCode(error);
    // What vanishes between listing and looking is no longer part of the directory.
    if (code === 'ENOENT' && path.length > 0) return;
    const isDenied = code === 'EACCES' || code === 'EPERM';
    const isReplaced = code === 'ELOOP' || code === 'ENOTDIR';
    const cause = isReplaced ? 'it was replaced while it was walked' : failureText(error);
    const detail = isDenied ? 'it may not be read by this user' : cause;
    this.#gap(isDenied ? 'not_available' : 'failed', path, detail);
  }

  #gap(reason: DirectoryGap['reason'], path: Buffer, detail: string): void {
    this.gapCount += 1;
    if (this.gaps.length >= analysisLimits.gapsListed) return;
    this.gaps.push({ reason, path: path.toString('utf8'), detail });
  }
}

type Look =
  | { readonly absolute: Buffer; readonly facts: BigIntStats; readonly target?: string }
  | { readonly error: unknown };

function look(absolute: Buffer): Look {
  try {
    const facts = lstatSync(absolute, { bigint: true });
    if (!facts.isSymbolicLink()) return { absolute, facts };
    const target = readlinkSync(absolute, { encoding: 'buffer' });
    return { absolute, facts, target: target.toString('utf8') };
  } catch (error) {
    return { error };
  }
}

interface Root {
  readonly facts: BigIntStats;
  readonly root: Buffer;
}

/** The root itself may be named by a link: whoever asks for it chose it. */
async function openRoot(given: string): Promise<Root> {
  try {
    const root = await realpath(given, { encoding: 'buffer' });
    const facts = await lstat(root, { bigint: true });
    if (facts.isDirectory()) return { root: root.equals(slash) ? Buffer.alloc(0) : root, facts };
  } catch (error) {
    const isMissing = errorCode(error) === 'ENOENT';
    const message = isMissing
      ? `${given} does not exist`
      : `${given} cannot be walked: ${failureText(error)}`;
    throw new SourceError(isMissing ? 'not_found' : 'unauthorized', message, { cause: error });
  }
  throw new SourceError('unsupported', `${given} is not a directory`);
}

const noContent: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {
    // Only files have content.
  },
};

function treeFile(path: Buffer, type: FileType, facts: BigIntStats): TreeFile {
  const text = path.toString('utf8');
  const isText = !text.includes('\ufffd') || Buffer.from(text).equals(path);
  const isDevice = type === 'character-device' || type === 'block-device';
  return {
    path: isText ? text : bytePath(path.toString('latin1')),
    ...(isText ? {} : { rawPath: path.toString('latin1') }),
    type,
    mode: Number(facts.mode & 0o7777n),
    uid: Number(facts.uid),
    gid: Number(facts.gid),
    sizeBytes: type === 'file' ? Number(facts.size) : 0,
    mtimeMs: Number(facts.mtimeNs / 1_000n) / 1_000,
    ...(isDevice ? { device: deviceNumbers(facts.rdev) } : {}),
    content: noContent,
  };
}

/** As glibc packs them into 64 bits: see makedev(3). */
function deviceNumbers(device: bigint): { major: number; minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

const chunkBytes = 1024 * 1024;

/**
 * The bytes of a file that must still be the one that was listed. Exactly as many as its size said:
 * one that grows meanwhile is cut there, one that ends before throws.
 */
async function* content(
  absolute: Buffer,
  facts: BigIntStats,
): AsyncGenerator<Uint8Array, void, undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(absolute, flags).catch((error: unknown) => {
    const isGone = errorCode(error) === 'ENOENT';
    const message = isGone ? 'it vanished while it was walked' : failureText(error);
    throw new SourceError(isGone ? 'not_found' : 'unauthorized', message, { cause: error });
  });
  try {
    const now = await handle.stat({ bigint: true });
    if (!now.isFile() || now.ino !== facts.ino || now.dev !== facts.dev) {
      throw new SourceError('damaged', 'it was replaced while it was walked');
    }
    const sizeBytes = Number(facts.size);
    for (let at = 0; at < sizeBytes;) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, sizeBytes - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        throw new SourceError('damaged', 'it became shorter while it was read');
      }
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function fileType(facts: BigIntStats): FileType {
  if (facts.isFile()) return 'file';
  if (facts.isDirectory()) return 'directory';
  if (facts.isSymbolicLink()) return 'symlink';
  if (facts.isCharacterDevice()) return 'character-device';
  if (facts.isBlockDevice()) return 'block-device';
  if (facts.isFIFO()) return 'fifo';
  return facts.isSocket() ? 'socket' : 'unknown';
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function failureText(error: unknown): string {
  const code = errorCode(error);
  return typeof code === 'string' ? code : String(error instanceof Error ? error.message : error);
}
