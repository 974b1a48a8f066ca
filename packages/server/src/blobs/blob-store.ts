import type { Readable } from 'node:stream';

/**
 * Immutable bytes known by their SHA-256 (64 lower-case hexadecimal digits).
 *
 * Every implementation passes `describeBlobStore` in blob-store.suite.ts. Where a method takes a
 * SHA-256, another form of name is a programmer's error: callers check what users send.
 */
export interface BlobStore {
  /**
   * Reads `content` to its end and keeps it; when this resolves, it survives a crash of the
   * machine. Content that is there already is kept once and counts as modified now. Throws the
   * problems `payload_too_large` (as soon as the cap is passed), `checksum_mismatch`,
   * `storage_full`, or what `content` throws; in each case nothing is kept.
   */
  put(content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult>;

  has(sha256: string): Promise<boolean>;

  stat(sha256: string): Promise<BlobStat | undefined>;

  /**
   * The bytes, or those of a range, both ends counted from 0 and included, as in HTTP. A whole
   * read is checked against the SHA-256 and fails with `blob_damaged` instead of ending. Throws
   * the problems `not_found`, `range_not_satisfiable`, `blob_key_mismatch`.
   */
  open(sha256: string, range?: BlobRange): Promise<Readable>;

  /** Reads the whole content and throws the problem `blob_damaged` when it is not what it was. */
  verify(sha256: string): Promise<void>;

  /**
   * Removes the content and answers whether it did. With `unmodifiedSince` it is kept when it was
   * put (also again) later than that, so that what was collected as garbage before a new
   * submission of the same bytes does not take them away.
   */
  delete(sha256: string, options?: DeleteOptions): Promise<boolean>;

  /** Everything there is, in the order of the SHA-256, after `after`; for garbage collection. */
  list(options?: ListOptions): AsyncIterable<BlobStat>;
}

export interface PutOptions {
  readonly maxBytes: number;
  readonly expectedSha256?: string | undefined;
}

export interface PutResult {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** False when the content was there already. */
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
