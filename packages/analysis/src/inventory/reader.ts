/**
 * A reader understands one kind of file and turns it into facts. It sees one file at a time, whole
 * and in memory; what needs several files (a package list and the files' digests) is joined later
 * from their facts, so that the facts of a layer depend on that layer alone and can be kept.
 */
import type { Fact, DiagnosticFact } from '@lazaret/protocol';

import type { FileEntry } from '../tree/file-tree.ts';

/** Which files a reader wants: any of these. Looked up in tables, never by running through all. */
export interface Wants {
  /** Last parts of paths: `package.json`. */
  readonly names?: readonly string[];
  /** Endings of last parts, from a dot, compared without case: `.jar`. */
  readonly endings?: readonly string[];
  /** Last parts of the parent's path: `status.d`. */
  readonly parents?: readonly string[];
  /** First bytes of the content as latin1, two to eight of them: `\x7fELF`. */
  readonly magic?: readonly string[];
}

/** A file with all its bytes. They belong to the reader only until `read` ends. */
export interface WholeFile extends FileEntry {
  readonly bytes: Buffer;
}

export interface Reader {
  /** Part of cache keys, and the `reader` of unknown facts: `dpkg`. */
  readonly id: string;
  /** Raised whenever the same bytes may give other facts. */
  readonly version: number;
  readonly wants: Wants;
  /** Refuses what `wants` let through; looks at the path and the metadata only. */
  readonly accepts?: (file: FileEntry) => boolean;
  /** Larger files are not given to it and become an unknown fact `too_large`. */
  readonly maxBytes: number;
  /**
   * Emits what the file says. What was emitted stands even when it throws; whatever it throws
   * becomes an unknown fact, a ReadError with its reason, anything else as `crashed`.
   * It must end in time linear in the file's size and never trust a number in it.
   */
  read(file: WholeFile, emit: (fact: Fact) => void): void | Promise<void>;
}

/** A file that cannot be understood, or only up to a limit. */
export class ReadError extends Error {
  readonly reason: DiagnosticFact['reason'];

  constructor(reason: DiagnosticFact['reason'], message: string) {
    super(message);
    this.name = 'ReadError';
    this.reason = reason;
  }
}
