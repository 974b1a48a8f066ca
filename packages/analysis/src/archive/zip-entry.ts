/** The content of a zip archive, the limits under which it is read, and its errors. */

/** One member, as the central directory describes it. */
export interface ZipMember {
  /**
   * The path as stored in the archive, with the trailing slash of a directory. It is untrusted: it
   * may be absolute, contain `..`, backslashes or control characters, or be empty.
   */
  readonly path: string;
  /** The path's bytes, one character each (latin1). */
  readonly rawName: string;
  /** Bytes of content, and of its compressed form, as claimed. */
  readonly sizeBytes: number;
  readonly compressedBytes: number;
  readonly crc32: number;
  /** 0 stored, 8 deflate, 93 Zstandard; others cannot be read (APPNOTE.TXT 4.4.5). */
  readonly method: number;
  readonly encrypted: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** The permission bits (07777) when the archive was made on Unix, else 0. */
  readonly mode: number;
  /** Offset of its local header. */
  readonly offset: number;
  /** Offset of its data, or undefined when there is no local header at `offset`. */
  readonly dataOffset: number | undefined;
  /** Whether its bytes are also another member's, or those of the directory. */
  readonly overlaps: boolean;
  /** False for a member that has a local header only: most programs skip it. */
  readonly isListed: boolean;
  /** False for an unlisted member with its sizes and CRC after its data. */
  readonly sizeIsKnown: boolean;
}

export type ZipNoteCode =
  /** The number of members in the directory differs from the end record. */
  | 'count_differs'
  /** A local header differs from the directory. */
  | 'header_differs'
  /** A member has no local header at its offset. */
  | 'header_missing'
  /** A member has a local header and no entry in the directory. */
  | 'not_listed'
  | 'overlap'
  | 'same_path'
  /** The directory cannot be read to its end. */
  | 'damaged_directory'
  | 'too_many_entries';

/** An anomaly that did not stop the reading. */
export interface ZipNote {
  readonly code: ZipNoteCode;
  readonly detail: string;
  readonly path?: string;
}

export interface ZipArchive {
  readonly bytes: Buffer;
  /** Those of the directory in its order, then those that are not listed. */
  readonly members: readonly ZipMember[];
  /** Bounded by `limits.notes`; `noteCodes` has every code that came up. */
  readonly notes: readonly ZipNote[];
  readonly noteCodes: ReadonlySet<ZipNoteCode>;
  /** Bytes in front of the archive proper: a program or a script that unpacks it. */
  readonly prefixBytes: number;
  /** Bytes after the end of the archive. */
  readonly trailingBytes: number;
  readonly comment: Buffer;
  readonly limits: ZipLimits;
}

export interface ZipLimits {
  /** Members; those above are omitted with the note `too_many_entries`. */
  readonly entries: number;
  /** Bytes of content for each compressed one, checked above `ratioFreeBytes` of content. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  readonly notes: number;
}

export type ZipErrorCode =
  /** Not an archive. */
  | 'not_zip'
  | 'truncated'
  /** A part of an archive that is spread over several files. */
  | 'multi_disk'
  | 'bad_crc'
  /** The size of the content differs from its header. */
  | 'bad_size'
  /** The compressed data are invalid. */
  | 'bad_data'
  | 'too_large'
  | 'ratio'
  | 'encrypted'
  | 'unsupported'
  | 'overlap';

const limitCodes: ReadonlySet<ZipErrorCode> = new Set<ZipErrorCode>([
  'too_large',
  'ratio',
  'overlap',
]);

/** An archive that cannot be read at all, or a member that cannot be. */
export class ZipError extends Error {
  readonly code: ZipErrorCode;

  constructor(code: ZipErrorCode, message: string) {
    super(`${message} (${code})`);
    this.name = 'ZipError';
    this.code = code;
  }

  /** Whether a limit was reached, rather than (only) the archive being invalid. */
  get isLimit(): boolean {
    return limitCodes.has(this.code);
  }
}
