/**
 * Exports the layers of an inspected image, so that a container engine can be given exactly what
 * was inspected: the source is opened at the digest of the inspection, every stored layer is
 * verified with its digest and every tar with its diffID. A layer is spooled to an unlinked file,
 * because nothing of it may be passed on before all of it was verified.
 */
import { createHash } from 'node:crypto';

import { SourceError } from '@lazaret/oci';
import type { SourceImage, SourceLayer } from '@lazaret/oci';

import { CompressionError, decompress } from '../archive/decompress.ts';
import type { OpenHooks, OpenRequest } from '../inspection/inspect-image.ts';
import { analysisLimits } from '../limits.ts';
import type { FileBytes } from '../source/file-bytes.ts';
import { spool } from '../source/spool.ts';
import { findSourceImage, openImageSource } from './open-image.ts';

export interface ExportRequest {
  /** The image reference and how to access it. */
  readonly source: Omit<OpenRequest, 'pin'> & { readonly spoolDirectory: string };
  /** Digest of the image: of its manifest, or of its configuration when it has no manifest. */
  readonly image: string;
  /** diffIDs that the inspection verified, lowest first; undefined where it could not. */
  readonly diffIds: readonly (string | undefined)[];
  /** Of all layers, uncompressed. */
  readonly maxBytes: number;
}

/** A verified layer; its content can be read until the next layer is requested. */
export interface ExportedLayer {
  readonly diffId: string;
  readonly sizeBytes: number;
  readonly tar: AsyncIterable<Uint8Array>;
}

export interface ExportedImage {
  /** The exact bytes of the configuration. */
  readonly config: Buffer;
  /** Lowest first. */
  readonly layers: AsyncIterable<ExportedLayer>;
}

/**
 * Opens the image while `use` runs. Throws SourceError when the source does not have the image, or
 * has other bytes than those that were inspected.
 */
export async function exportImage<T>(
  request: ExportRequest,
  hooks: Omit<OpenHooks, 'openStdin'>,
  use: (image: ExportedImage) => Promise<T>,
): Promise<T> {
  const { signal } = hooks;
  const source = await openImageSource(request.source, request.image, hooks);
  // Aborts the requests to a stalled registry at once.
  const close = (): void => void source.close();
  signal?.addEventListener('abort', close, { once: true });
  try {
    const image = await findSourceImage(source, request.image);
    if (image.artifactType !== undefined) {
      const message = `${request.image} is an artifact of type ${image.artifactType}, not an image`;
      throw new SourceError('unsupported', message);
    }
    return await use({ config: image.config, layers: exportLayers(image, request, signal) });
  } finally {
    signal?.removeEventListener('abort', close);
    await source.close();
  }
}

async function* exportLayers(
  image: SourceImage,
  request: ExportRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExportedLayer, void, undefined> {
  let leftBytes = request.maxBytes;
  for (const [at, layer] of image.layers.entries()) {
    if (layer.unavailable !== undefined) {
      throw new SourceError('not_found', `layer ${at}: ${layer.unavailable.detail}`);
    }
    const { plain, stored } = await spoolLayer(layer, { request, leftBytes, signal });
    try {
      const diffId = `sha256:${plain.digest}`;
      compare(at, layer.digest, `${stored.algorithm}:${stored.digest}`);
      compare(at, layer.diffId, diffId);
      compare(at, request.diffIds[at], diffId);
      const { sizeBytes } = plain.bytes;
      leftBytes -= sizeBytes;
      yield { diffId, sizeBytes, tar: plain.bytes.stream({ offset: 0, sizeBytes }) };
    } finally {
      await plain.bytes.close();
    }
  }
}

function compare(layer: number, expected: string | undefined, got: string): void {
  if (expected === undefined || expected === got) return;
  const message = `layer ${layer}: digest mismatch: expected ${expected}, got ${got}`;
  throw new SourceError('digest_mismatch', message);
}

interface SpooledLayer {
  readonly stored: { readonly algorithm: string; readonly digest: string };
  readonly plain: { readonly digest: string; readonly bytes: FileBytes };
}

async function spoolLayer(
  layer: SourceLayer,
  parts: {
    readonly request: ExportRequest;
    readonly leftBytes: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<SpooledLayer> {
  const { request, leftBytes, signal } = parts;
  const algorithm = layer.digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const storedHash = createHash(algorithm);
  const plainHash = createHash('sha256');
  const stored = tee(await layer.open(signal), (chunk) => storedHash.update(chunk));
  const bounds = {
    totalBytes: leftBytes,
    ratio: analysisLimits.layerRatio,
    freeBytes: analysisLimits.layerRatioFreeBytes,
  };
  try {
    const { plain } = await decompress(stored, bounds);
    const hashed = tee(plain, (chunk) => plainHash.update(chunk));
    const spooling = { directory: request.source.spoolDirectory, maxBytes: leftBytes };
    const bytes = await spool(hashed, spooling);
    return {
      stored: { algorithm, digest: storedHash.digest('hex') },
      plain: { digest: plainHash.digest('hex'), bytes },
    };
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const code = error.code === 'unsupported' ? 'unsupported' : 'damaged';
    const isLarge = error.code === 'too_large' || error.code === 'ratio';
    throw new SourceError(isLarge ? 'too_large' : code, error.message, { cause: error });
  }
}

async function* tee(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    onChunk(chunk);
    yield chunk;
  }
}
