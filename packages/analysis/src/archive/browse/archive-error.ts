/** Why an archive, or one member of it, cannot be shown. */
export type ArchiveErrorCode =
  /** The bytes are not an archive that is recognised. */
  | 'not_archive'
  /** The format or the compression method is recognised and not supported. */
  | 'unsupported'
  | 'damaged'
  | 'encrypted'
  /** A limit on size or on the compression ratio was reached. */
  | 'limit'
  | 'no_member'
  | 'timed_out'
  | 'busy'
  /** The thread that read it ended. */
  | 'crashed';

/** An archive or a member that cannot be read; the message says what was found. */
export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string) {
    super(message);
    this.name = 'ArchiveError';
    this.code = code;
  }
}
