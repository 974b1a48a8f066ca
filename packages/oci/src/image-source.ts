/** Where images come from, and what every source says of them before a layer is read. */
import type { InspectionReport, Platform, SourceRemark } from '@lazaret/protocol';

export interface ImageSource {
  readonly kind: InspectionReport['source']['kind'];
  /** As it was asked for, without credentials. */
  readonly reference: string;
  /**
   * The images that the platform choice selects, lowest first as the index lists them. Throws a
   * SourceError when nothing can be said; children of an index that cannot be read are `remarks`.
   */
  list(choice: PlatformChoice): Promise<ImageListing>;
  /** What is known by now of who gave what; asked when the layers were read. */
  origin?(): ImageOrigin;
  close(): Promise<void>;
}

/** `default`: the machine's own platform, else the only or the first one, with a remark. */
export type PlatformChoice = 'default' | 'all' | Platform;

export interface ImageListing {
  /** What a tag stood for when it was read: a manifest or an index; absent without a registry. */
  readonly digest?: string;
  readonly images: readonly SourceImage[];
  /** What the reference also holds and was not selected or cannot be read. */
  readonly remarks: readonly SourceRemark[];
}

export interface ImageOrigin {
  readonly resolved?: InspectionReport['source']['resolved'];
  readonly remarks: readonly SourceRemark[];
}

export interface SourceImage {
  /** Names under which the source knows it: `registry.lab/app:1.2`. */
  readonly names: readonly string[];
  readonly indexDigest?: string;
  readonly manifestDigest?: string;
  readonly configDigest?: string;
  readonly mediaType?: string;
  /** Set for what is no image: its layers are blobs then, and it has no configuration. */
  readonly artifactType?: string;
  readonly platform?: Platform;
  /** The configuration's exact bytes, its digest verified where one is known. */
  readonly config: Buffer;
  /** Lowest first. */
  readonly layers: readonly SourceLayer[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface SourceLayer {
  /**
   * `sha256:...` of the stored bytes as the manifest claims; absent where the format has none. When
   * it is there, the bytes must hash to it: the walk verifies, a source need not.
   */
  readonly digest?: string;
  /** Digest of the uncompressed tar as the configuration claims: never trusted before verified. */
  readonly diffId?: string;
  readonly mediaType?: string;
  /** Stored bytes as the manifest claims. */
  readonly sizeBytes?: number;
  /** Set when the stored bytes are this one file as they are, and no tar. */
  readonly blob?: BlobFile;
  /** Set when the bytes cannot be had: foreign without an allowed host, encrypted, missing. */
  readonly unavailable?: {
    readonly reason: 'foreign' | 'encrypted' | 'missing';
    readonly detail: string;
  };
  /** Where the stored bytes lie on this machine, for a worker to read them itself. */
  readonly file?: { readonly path: string; readonly offset: number; readonly sizeBytes: number };
  /** The stored bytes (compressed as they are), in chunks. */
  open(signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Told why the bytes that `open` gave are of no use. True when `open` has them from somebody else
   * the next time.
   */
  refuse?(why: string): boolean;
}

/** The file that a blob of an artifact is. */
export interface BlobFile {
  /** In the form of a tree, and no other blob's of the same artifact. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Its name as written, where that leads out of the directory that it is pulled into. */
  readonly escape?: string;
}

export type SourceErrorCode =
  /** What was asked for can be the name of nothing. */
  | 'invalid_reference'
  | 'not_found'
  | 'unauthorized'
  | 'unreachable'
  | 'rate_limited'
  | 'damaged'
  | 'unsupported'
  | 'digest_mismatch'
  | 'too_large'
  | 'no_such_platform';

/** What would help against a connection that fails: settings are named by whoever has them. */
export type SourceRemedy =
  /** The host is spoken to without TLS. */
  | 'plain_http'
  /** The host is spoken to with TLS. */
  | 'tls'
  /** The authority of its certificate is trusted, or the certificate goes unchecked. */
  | 'trust'
  /** A certificate of ours is shown to it. */
  | 'client_certificate';

export interface SourceErrorOptions extends ErrorOptions {
  readonly remedy?: SourceRemedy | undefined;
}

/** A source that cannot give what was asked for; the message says what happened. */
export class SourceError extends Error {
  readonly code: SourceErrorCode;
  readonly remedy: SourceRemedy | undefined;

  constructor(code: SourceErrorCode, message: string, options: SourceErrorOptions = {}) {
    super(message, options);
    this.name = 'SourceError';
    this.code = code;
    this.remedy = options.remedy;
  }
}
