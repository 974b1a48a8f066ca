/** Image sources, and what each provides about its images before a layer is read. */
import type { InspectionReport, Platform, SourceDiagnostic } from '@lazaret/protocol';

export interface ImageSource {
  readonly kind: InspectionReport['source']['kind'];
  /** As requested, without credentials. */
  readonly reference: string;
  /**
   * The images that the platform choice selects, in the order of the index. Throws a SourceError
   * when no image can be read; children of an index that cannot be read become `warnings`.
   */
  list(choice: PlatformChoice): Promise<ImageListing>;
  /** Which host provided the content; call it after the layers were read. */
  origin?(): ImageOrigin;
  close(): Promise<void>;
}

/** `default`: the platform of this machine, else the only or the first one, with a warning. */
export type PlatformChoice = 'default' | 'all' | Platform;

export interface ImageListing {
  /** Digest that the tag resolved to: a manifest or an index; absent without a registry. */
  readonly digest?: string;
  readonly images: readonly SourceImage[];
  /** Other content of the reference that was not selected or cannot be read. */
  readonly diagnostics: readonly SourceDiagnostic[];
}

export interface ImageOrigin {
  readonly resolved?: InspectionReport['source']['resolved'];
  readonly diagnostics: readonly SourceDiagnostic[];
}

export interface SourceImage {
  /** Names of the image in the source: `registry.lab/app:1.2`. */
  readonly names: readonly string[];
  readonly indexDigest?: string;
  readonly manifestDigest?: string;
  readonly configDigest?: string;
  readonly mediaType?: string;
  /** Set for an artifact that is not an image: its layers are blobs and it has no configuration. */
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
   * `sha256:...` of the stored bytes as the manifest claims; absent where the format has none. The
   * walk verifies it; a source need not.
   */
  readonly digest?: string;
  /** Digest of the uncompressed tar as the configuration claims; untrusted until verified. */
  readonly diffId?: string;
  readonly mediaType?: string;
  /** Stored bytes as the manifest claims. */
  readonly sizeBytes?: number;
  /** Set when the stored bytes are a single file and not a tar archive. */
  readonly blob?: BlobFile;
  /** Set when the bytes are unavailable: foreign without an allowed host, encrypted, missing. */
  readonly unavailable?: {
    readonly reason: 'foreign' | 'encrypted' | 'missing';
    readonly detail: string;
  };
  /** Location of the stored bytes on this machine, for a worker thread to read directly. */
  readonly file?: { readonly path: string; readonly offset: number; readonly sizeBytes: number };
  /** The stored bytes, still compressed, in chunks. */
  open(signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Rejects the bytes that `open` returned, with the reason. True when the next `open` will read
   * from another host.
   */
  refuse?(why: string): boolean;
}

/** The file of a blob of an artifact. */
export interface BlobFile {
  /** Normalized tree path, unique within the artifact. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The name as written, when it leads outside the directory that it is pulled into. */
  readonly escape?: string;
}
