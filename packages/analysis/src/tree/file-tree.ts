/**
 * The central abstraction of analysis: a file tree. A layer of an image, a merged image, a
 * directory, the file system of a running container and the disk of a host are walked alike;
 * inventories and scanners only see file trees.
 */
import type { FileType } from '@lazaret/protocol';

/** The metadata of a file in a tree. */
export interface FileEntry {
  /**
   * Relative to the root of the tree: no leading slash, no empty part, no `.` and no `..`; the root
   * itself is the empty string.
   */
  readonly path: string;
  /**
   * The bytes of the path as latin1 when they are not UTF-8; `path` then has escapes such as
   * `\xff`.
   */
  readonly rawPath?: string;
  readonly type: FileType;
  /** Permission bits (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Size of the content; 0 for everything but files. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Target of a symbolic link as written; of a hard link as a path in this tree. */
  readonly linkPath?: string;
  /** Device numbers, if known. */
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  /** Extended attributes by name. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** One file of a walk, valid until the next one. */
export interface TreeFile extends FileEntry {
  /**
   * The content, readable once, in chunks that are views: copy what is kept longer than one
   * iteration. Unread content is skipped.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface FileTree {
  /**
   * One bounded pass over all files, in the order of the tree. Throws when reading fails; files
   * yielded before remain valid.
   */
  walk(): AsyncIterable<TreeFile>;
}
