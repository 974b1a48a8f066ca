import type { Readable } from 'node:stream';

/**
 * Immutable bytes identified by their SHA-256 (64 lower-case hexadecimal digits).
 *
 * Every implementation passes `describeBlobStore` in blob-store.suite.ts. Where a method takes a
 * SHA-256, another form of name is a programming error: callers validate user input.
 */
export interface BlobStore {
  /**
   * Reads `content` to its end and stores it; when this resolves, it survives a crash of
   * the machine. Existing content is stored once and gets a new modification time. Throws the
   * problems `payload_too_large` (as soon as the cap is passed), `checksum_mismatch`,
   * `storage_full`, or what `content` throws; in each case nothing is kept.
   */
  put(content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult>;

  has(sha256: string): Promise<boolean>;

  stat(sha256: string): Promise<BlobStat | undefined>;

  /**
   * The bytes, or those of a range, both ends counted from 0 and included, as in HTTP. A complete
   * read is verified with the SHA-256 and fails with `blob_damaged` instead of ending. Throws the
   * problems `not_found`, `range_not_satisfiable`, `blob_key_mismatch`.
   */
  open(sha256: string, range?: BlobRange): Promise<Readable>;

  /**
   * Reads the complete content and throws the problem `blob_damaged` when it does not match its
   * SHA-256.
   */
  verify(sha256: string): Promise<void>;

  /**
   * Removes the content and returns whether it existed. With `unmodifiedSince` it is kept when it
   * was put (also again) later than that, so that garbage collection does not remove content that
   * was submitted again meanwhile.
   */
  delete(sha256: string, options?: DeleteOptions): Promise<boolean>;

  /** All content, in the order of the SHA-256, after `after`; for garbage collection. */
  list(options?: ListOptions): AsyncIterable<BlobStat>;
}

export interface PutOptions {
  readonly maxBytes: number;
  readonly expectedSha256?: string | undefined;
}

export interface PutResult {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** False when the content already existed. */
  readonly created: boolean;
}

export interface BlobStat {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

export interface BlobRange {
  readonly start: number;
  /** The last byte of the content unless given. */
  readonly end?: number | undefined;
}

export interface DeleteOptions {
  readonly unmodifiedSince?: Date;
}

export interface ListOptions {
  readonly after?: string;
}
