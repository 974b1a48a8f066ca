/**
 * A local directory as a file tree: symbolic links are never followed, and only regular files are
 * opened, relative to their directory. Extended attributes, and thus file capabilities, cannot be
 * read from Node and are absent.
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
  /** Descends into other mounted file systems; otherwise each is a gap. */
  readonly crossFileSystems?: boolean;
  /** `layerEntries` unless given. */
  readonly entries?: number;
  readonly signal?: AbortSignal;
}

export interface DirectoryTree extends FileTree {
  /**
   * What the walk could not read, at most `gapsListed` of them; complete when the walk has ended. A
   * file that changes or shrinks while it is read throws from its content instead.
   */
  readonly gaps: readonly DirectoryGap[];
  /** All gaps, listed or not. */
  readonly gapCount: number;
}

export type DirectoryGap = Pick<Gap, 'reason' | 'detail'> & { readonly path: string };

/**
 * Like `directoryTree`, but checks the root first. Throws SourceError when it is not a directory.
 */
export async function openDirectoryTree(
  root: string,
  options: DirectoryTreeOptions = {},
): Promise<DirectoryTree> {
  await openRoot(root);
  return directoryTree(root, options);
}

/**
 * Walks once, names of a directory in byte order. Throws SourceError when the root is not a
 * directory.
 */
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
  /** Path in the tree, as bytes. */
  readonly path: Buffer;
  readonly depth: number;
}

const slash = Buffer.from('/');
/** Yields to the event loop after so many entries, because the walk itself is synchronous. */
const entriesPerTurn = 128;

class DirectoryWalk {
  readonly gaps: DirectoryGap[] = [];
  gapCount = 0;
  readonly #options: DirectoryTreeOptions;
  readonly #given: string;
  /** First path of files with several names, by device and inode. */
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
    // Directories to read, as paths and not as handles.
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

  /** Undefined, with a gap, for a directory that cannot or must not be read. */
  #open({ path, depth }: Place): OpenDirectory | undefined {
    if (depth > analysisLimits.treePathDepth || path.length > limits.pathBytes) {
      this.#gap('too_deep', path, 'the directory nesting exceeds the limit');
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

  /** False, with a gap, when there are too many files. */
  #count(path: Buffer): boolean {
    this.#options.signal?.throwIfAborted();
    this.#entries += 1;
    if (this.#entries <= (this.#options.entries ?? analysisLimits.layerEntries)) return true;
    this.#gap('too_many', path, 'too many files: the walk stopped here');
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

  /** The first name of a file seen before; directories have only one name. */
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
    // An entry that was deleted after the listing is no longer part of the directory.
    if (code === 'ENOENT' && path.length > 0) return;
    const isDenied = code === 'EACCES' || code === 'EPERM';
    const isReplaced = code === 'ELOOP' || code === 'ENOTDIR';
    const cause = isReplaced ? 'replaced during the walk' : failureText(error);
    const detail = isDenied ? 'permission denied' : cause;
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

/** The root itself may be a symbolic link, because the user chose it. */
async function openRoot(given: string): Promise<Root> {
  try {
    const root = await realpath(given, { encoding: 'buffer' });
    const facts = await lstat(root, { bigint: true });
    if (facts.isDirectory()) return { root: root.equals(slash) ? Buffer.alloc(0) : root, facts };
  } catch (error) {
    const isMissing = errorCode(error) === 'ENOENT';
    const message = isMissing
      ? `${given} does not exist`
      : `${given} cannot be read: ${failureText(error)}`;
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

/** As encoded by glibc in 64 bits: see makedev(3). */
function deviceNumbers(device: bigint): { major: number; minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

const chunkBytes = 1024 * 1024;

/**
 * The content of a file, which must still be the one that was listed. Exactly as many bytes as its
 * listed size: a growing file is truncated there, a shrinking file throws.
 */
async function* content(
  absolute: Buffer,
  facts: BigIntStats,
): AsyncGenerator<Uint8Array, void, undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(absolute, flags).catch((error: unknown) => {
    const isGone = errorCode(error) === 'ENOENT';
    const message = isGone ? 'deleted during the walk' : failureText(error);
    throw new SourceError(isGone ? 'not_found' : 'unauthorized', message, { cause: error });
  });
  try {
    const now = await handle.stat({ bigint: true });
    if (!now.isFile() || now.ino !== facts.ino || now.dev !== facts.dev) {
      throw new SourceError('damaged', 'replaced during the walk');
    }
    const sizeBytes = Number(facts.size);
    for (let at = 0; at < sizeBytes;) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, sizeBytes - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        throw new SourceError('damaged', 'truncated while it was read');
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
