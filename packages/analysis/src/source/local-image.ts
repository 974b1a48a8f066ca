/** Reads, verifies and assembles images from local files. */
import type { Platform, SourceDiagnostic } from '@lazaret/protocol';

import { ociLimits, verifyDigest } from '@lazaret/oci';
import { layerDiffIds, parseImageConfig } from '@lazaret/oci';
import { readSmall } from './image-files.ts';
import type { ImageFiles, StoredFile } from './image-files.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing, SourceImage, SourceLayer } from '@lazaret/oci';
import { embeddedBytes } from '@lazaret/oci';
import type { Descriptor, Manifest } from '@lazaret/oci';
import { layerClass } from '@lazaret/oci';
import { checkPlatform } from '@lazaret/oci';
import type { PlatformQuestion } from '@lazaret/oci';

export interface LocalOptions {
  /** The platform for the choice `default`. */
  readonly defaultPlatform: Platform;
  /** Only images with this name. */
  readonly name?: string | undefined;
}

/** Collects images, and reports those that cannot be read. */
export class ImageCollector {
  readonly images: SourceImage[] = [];
  readonly diagnostics: SourceDiagnostic[] = [];
  #firstError: SourceError | undefined;

  /** An unreadable image does not prevent the others from being listed. */
  async attempt(work: () => Promise<void>, digest?: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#firstError ??= error;
      const about = digest === undefined ? {} : { digest };
      this.diagnostics.push({ reason: reasonOf(error), detail: error.message, ...about });
    }
  }

  /** Throws the first error when no image could be read. */
  listing(): ImageListing {
    if (this.images.length === 0 && this.#firstError !== undefined) throw this.#firstError;
    return { images: this.images, diagnostics: this.diagnostics };
  }
}

/** The path of a blob in a layout. The digest must be valid. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

export interface BlobBounds {
  readonly what: string;
  readonly maxBytes: number;
}

/** Reads a manifest or configuration, embedded or from its blob, and verifies size and digest. */
export async function readBlob(
  files: ImageFiles,
  descriptor: Descriptor,
  { what, maxBytes }: BlobBounds,
): Promise<Buffer> {
  const { digest, sizeBytes } = descriptor;
  const embedded = embeddedBytes(descriptor);
  if (embedded !== undefined) return embedded;
  const stored = await files.find(blobPath(digest));
  if (stored === undefined) throw new SourceError('not_found', `${what} ${digest} is missing`);
  const bytes = await readSmall(stored, { what, maxBytes });
  verifyDigest(bytes, digest, what);
  if (bytes.length === sizeBytes) return bytes;
  const message = `${what} ${digest}: size mismatch: expected ${sizeBytes} bytes, got ${bytes.length}`;
  throw new SourceError('digest_mismatch', message);
}

export interface ManifestImage {
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
  readonly names: readonly string[];
  readonly indexDigest?: string | undefined;
}

export interface AssembledImage {
  readonly image: SourceImage;
  readonly diagnostics: readonly SourceDiagnostic[];
}

/** Assembles the image of a manifest. Throws SourceError when its configuration cannot be read. */
export async function assembleImage(
  files: ImageFiles,
  { manifest, descriptor, names, indexDigest }: ManifestImage,
  question: PlatformQuestion,
): Promise<AssembledImage> {
  const { digest } = descriptor;
  const bounds = { what: 'the configuration', maxBytes: ociLimits.imageConfigBytes };
  const config = await readBlob(files, manifest.config, bounds);
  const about = describeConfig(config, manifest.layers.length, digest);
  const layers: SourceLayer[] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const claims = { layer, diffId: about.diffIds[index] };
    layers.push(await blobLayer(files, claims));
  }
  const configured = about.platform;
  const listed = descriptor.platform;
  const diagnostics = checkPlatform({ ...question, listed, configured, digest });
  const platform = configured ?? listed;
  const image: SourceImage = {
    names,
    ...(indexDigest === undefined ? {} : { indexDigest }),
    manifestDigest: digest,
    configDigest: manifest.config.digest,
    mediaType: manifest.mediaType,
    ...(platform === undefined ? {} : { platform }),
    config,
    layers,
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
  return { image, diagnostics: [...diagnostics, ...about.diagnostics] };
}

export interface ConfigSummary {
  /** By layer. */
  readonly diffIds: readonly (string | undefined)[];
  readonly platform?: Platform | undefined;
  readonly diagnostics: readonly SourceDiagnostic[];
}

/** Summarizes a configuration and checks that it matches the layers. */
export function describeConfig(
  config: Buffer,
  layerCount: number,
  digest: string | undefined,
): ConfigSummary {
  const parsed = parseImageConfig(config);
  const count = parsed.diffIds.length;
  const about = digest === undefined ? {} : { digest };
  const detail = `the configuration lists ${count} diffIDs for ${layerCount} layers`;
  return {
    diffIds: layerDiffIds(parsed, layerCount),
    platform: parsed.platform,
    diagnostics: count === layerCount ? [] : [{ reason: 'unsupported', detail, ...about }],
  };
}

export interface FileLayerClaims {
  readonly digest?: string | undefined;
  readonly diffId?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly unavailable?: NonNullable<SourceLayer['unavailable']> | undefined;
}

/** A layer stored in a file; unavailable when `stored` is undefined. */
export function fileLayer(stored: StoredFile | undefined, claims: FileLayerClaims): SourceLayer {
  const { digest, diffId, mediaType, sizeBytes, unavailable } = claims;
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(diffId === undefined ? {} : { diffId }),
    ...(mediaType === undefined || mediaType === '' ? {} : { mediaType }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(unavailable === undefined ? {} : { unavailable }),
    ...(stored?.file === undefined ? {} : { file: stored.file }),
    open(signal) {
      if (stored !== undefined && unavailable === undefined) {
        return Promise.resolve(stored.open(signal));
      }
      const detail = unavailable?.detail ?? 'the layer is missing';
      return Promise.reject(new SourceError('not_found', detail));
    },
  };
}

/** A blob of an artifact; `assembleArtifact` assigns its path. */
export function artifactBlob(files: ImageFiles, layer: Descriptor): Promise<SourceLayer> {
  return blobLayer(files, { layer, diffId: undefined });
}

interface LayerClaims {
  readonly layer: Descriptor;
  readonly diffId: string | undefined;
}

async function blobLayer(files: ImageFiles, { layer, diffId }: LayerClaims): Promise<SourceLayer> {
  const { digest, mediaType, sizeBytes } = layer;
  const claims = { digest, diffId, mediaType, sizeBytes };
  const kind = layerClass(mediaType);
  if (kind === 'encrypted') {
    const unavailable = { reason: 'encrypted', detail: `${digest} is encrypted` } as const;
    return fileLayer(undefined, { ...claims, unavailable });
  }
  const stored = embeddedFile(layer) ?? (await findLayer(files, blobPath(digest)));
  if (!(stored instanceof SourceError) && stored !== undefined) return fileLayer(stored, claims);
  const where = stored?.message ?? `the blob ${digest} is missing`;
  const isOtherProgram = kind === 'foreign' && stored === undefined;
  const detail = isOtherProgram ? `${where}; it is stored outside the image` : where;
  const reason = isOtherProgram ? 'foreign' : 'missing';
  return fileLayer(undefined, { ...claims, unavailable: { reason, detail } });
}

/** The file of a layer; a refused file is returned as an error, since other layers can be read. */
export async function findLayer(
  files: ImageFiles,
  path: string,
): Promise<StoredFile | SourceError | undefined> {
  return files.find(path).catch((error: unknown) => {
    if (error instanceof SourceError) return error;
    throw error;
  });
}

function embeddedFile(layer: Descriptor): StoredFile | undefined {
  if (layer.data === undefined) return undefined;
  const bytes = Buffer.from(layer.data, 'base64');
  return {
    sizeBytes: bytes.length,
    async *open() {
      yield bytes;
    },
  };
}

function reasonOf({ code }: SourceError): SourceDiagnostic['reason'] {
  if (code === 'not_found') return 'missing_child';
  if (code === 'too_large') return 'limit';
  return code === 'no_such_platform' ? 'other_platform' : 'unsupported';
}
