/**
 * The one noun of analysis: a file tree. A layer of an image, a merged image, a directory, the file
 * system of a running container and a host's disk are walked alike; inventories and scanners know
 * nothing else.
 */
import type { FileType } from '@lazaret/protocol';

/** What a tree says of one of its files before the content is read. */
export interface FileEntry {
  /**
   * Relative to the root of the tree: no leading slash, no empty part, no `.` and no `..`; the root
   * itself is the empty string.
   */
  readonly path: string;
  /** The path's bytes as latin1 when they are not UTF-8; `path` then writes some as `\xff`. */
  readonly rawPath?: string;
  readonly type: FileType;
  /** Permission bits (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for all but files. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Of a symbolic link as it is written; of a hard link the path in this tree. */
  readonly linkPath?: string;
  /** Numbers of a device, where they are known. */
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  /** Extended attributes by name. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** One step of a walk, valid until the next one. */
export interface TreeFile extends FileEntry {
  /**
   * The content, once, in pieces that are views: copy what is kept longer than one turn. What is
   * not read is passed over.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface FileTree {
  /**
   * One bounded pass over everything, in the tree's own order. Throws when the tree cannot be read
   * on; what was yielded before stands.
   */
  walk(): AsyncIterable<TreeFile>;
}
