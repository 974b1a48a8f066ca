/** The content of a tar archive, the limits under which it is read, and its errors. */

export type TarEntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'unknown';

export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

/** One member of an archive, valid until the next one is requested. */
export interface TarEntry {
  /**
   * The path as stored in the archive, without the trailing slashes of a directory. It is
   * untrusted: it may be absolute, contain `..` or control characters, or be empty.
   */
  readonly path: string;
  /**
   * The path's bytes, one character each (latin1), when they are not UTF-8 and `path` therefore
   * has replacement characters.
   */
  readonly rawPath: string | undefined;
  readonly type: TarEntryType;
  /** The permission bits (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /**
   * Size of the content; 0 for links, devices, FIFOs and directories, whatever their header states.
   */
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with fractions when the archive has them. */
  readonly mtimeMs: number;
  /** The target of a symbolic or hard link; empty otherwise. */
  readonly linkPath: string;
  /** Like `rawPath`, of `linkPath`. */
  readonly rawLinkPath: string | undefined;
  /** Device numbers, if stated in the header. */
  readonly device: DeviceNumbers | undefined;
  /** Extended attributes by name, as pax `SCHILY.xattr.` records. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /**
   * The content, once, in pieces. A piece is a view into a chunk of the source: copy what is kept
   * longer than one iteration. Unread content is skipped when the next entry is requested.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface TarLimits {
  /** Members of the archive. */
  readonly entries: number;
  /** Bytes of the whole archive, headers and padding included. */
  readonly totalBytes: number;
  /** Content of one member. */
  readonly entryBytes: number;
  /** UTF-8 bytes of a path and of a link's target. */
  readonly pathBytes: number;
  /** One pax header, or one GNU long name. */
  readonly paxBytes: number;
}

export interface TarOptions extends TarLimits {
  /**
   * `posix` (default): global pax headers apply to what follows, and an archive without an end
   * marker is truncated. `docker`: like the reader of Docker and containerd, so that an
   * image layer is seen as it would be unpacked: global pax headers are ignored, and the archive
   * may end after any member.
   */
  readonly dialect?: 'posix' | 'docker';
  /** Called for bytes that are not zero where an archive has no content. They are views. */
  readonly onHidden?: (hidden: HiddenBytes) => void;
}

/** Bytes that no unpacker writes anywhere. */
export interface HiddenBytes {
  readonly place: 'padding' | 'after-end';
  readonly bytes: Buffer;
  /** Where in the archive. */
  readonly offset: number;
}

export type TarErrorCode =
  | 'truncated'
  | 'bad_checksum'
  | 'bad_number'
  | 'bad_pax'
  | 'bad_end'
  | 'bad_sparse'
  /** For callers that read content in place. */
  | 'sparse_unsupported'
  | 'too_many_entries'
  | 'too_many_bytes'
  | 'entry_too_large'
  | 'path_too_long'
  | 'header_too_large'
  | 'wrong_size';

const limitCodes: ReadonlySet<TarErrorCode> = new Set<TarErrorCode>([
  'too_many_entries',
  'too_many_bytes',
  'entry_too_large',
  'path_too_long',
  'header_too_large',
]);

/** An archive that cannot be read any further, or (`wrong_size`) not be written. */
export class TarError extends Error {
  readonly code: TarErrorCode;
  /** Where in the archive, in bytes from its start: the header at fault. */
  readonly offset: number;

  constructor(code: TarErrorCode, offset: number, message: string) {
    super(`${message} (${code} at byte ${offset})`);
    this.name = 'TarError';
    this.code = code;
    this.offset = offset;
  }

  /** Whether a limit of the caller was reached, rather than the archive being invalid. */
  get isLimit(): boolean {
    return limitCodes.has(this.code);
  }
}
