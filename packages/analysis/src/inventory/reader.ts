/**
 * A reader parses one kind of file and produces facts. It gets one complete file at a time, in
 * memory; information from several files (a package list and the digests of files) is joined later
 * from their facts, so that the facts of a layer depend on that layer alone and can be cached.
 */
import type { Fact, DiagnosticFact } from '@lazaret/protocol';

import type { FileEntry } from '../tree/file-tree.ts';

/**
 * The files that a reader selects: any of these. Found by table lookup, never by trying all
 * readers.
 */
export interface Wants {
  /** Last parts of paths: `package.json`. */
  readonly names?: readonly string[];
  /** Suffixes of last parts, from a dot, case-insensitive: `.jar`. */
  readonly endings?: readonly string[];
  /** Last parts of the parent's path: `status.d`. */
  readonly parents?: readonly string[];
  /** First bytes of the content as latin1, two to eight of them: `\x7fELF`. */
  readonly magic?: readonly string[];
}

/** A file with all its bytes. They are valid only until `read` ends. */
export interface WholeFile extends FileEntry {
  readonly bytes: Buffer;
}

export interface Reader {
  /** Part of cache keys, and the `reader` of unknown facts: `dpkg`. */
  readonly id: string;
  /** Increased whenever the same bytes may yield other facts. */
  readonly version: number;
  readonly wants: Wants;
  /** Refuses files that `wants` selected; uses only the path and the metadata. */
  readonly accepts?: (file: FileEntry) => boolean;
  /** Larger files are not read and become an unknown fact `too_large`. */
  readonly maxBytes: number;
  /**
   * Emits the facts of the file. Emitted facts remain valid even when it throws; an error becomes
   * an unknown fact, a ReadError with its reason, anything else as `crashed`. It must run in time
   * linear in the size of the file and never trust a number in it.
   */
  read(file: WholeFile, emit: (fact: Fact) => void): void | Promise<void>;
}

/** A file that cannot be parsed, or only up to a limit. */
export class ReadError extends Error {
  readonly reason: DiagnosticFact['reason'];

  constructor(reason: DiagnosticFact['reason'], message: string) {
    super(message);
    this.name = 'ReadError';
    this.reason = reason;
  }
}
