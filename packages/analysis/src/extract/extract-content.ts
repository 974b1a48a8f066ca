/**
 * Extracts one file of an inspected image from the original source of the image. Layers are not
 * stored, so the source must still provide the same layer; the extracted content is verified with
 * the SHA-256 of the inspection.
 */
import { MessageChannel, Worker } from 'node:worker_threads';

import { sendBytes } from '../source/piped-bytes.ts';
import type { OpenHooks, OpenRequest } from '../inspection/inspect-image.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageSource, SourceLayer } from '@lazaret/oci';
import type { ContentAnswer, ContentTask } from './content-worker.ts';
import { ContentError } from './find-content.ts';
import { findSourceImage, openImageSource } from './open-image.ts';
import type { ContentRequest } from './find-content.ts';

/** Location of the content, as in the report of the inspection. */
export interface ContentPlace {
  /** Digest of the image: of its manifest, or of its configuration when it has no manifest. */
  readonly image: string;
  /** Index of the layer, 0 the lowest. */
  readonly layer: number;
  /** Verified digest of the layer as stored. */
  readonly layerDigest?: string | undefined;
  /** Verified digest of the layer's tar. */
  readonly diffId?: string | undefined;
}

export interface ExtractRequest {
  /** The image reference and how to access it. */
  readonly source: Omit<OpenRequest, 'pin'>;
  readonly place: ContentPlace;
  readonly content: Omit<ContentRequest, 'blob'>;
  /** An existing file to write the content to. */
  readonly output: string;
  readonly timeMs: number;
}

/**
 * Throws SourceError when the source cannot provide the layer, ContentError when the layer does not
 * have the content.
 */
export async function extractContent(
  request: ExtractRequest,
  hooks: Omit<OpenHooks, 'openStdin'>,
): Promise<void> {
  const limit = AbortSignal.timeout(request.timeMs);
  const signal = hooks.signal === undefined ? limit : AbortSignal.any([limit, hooks.signal]);
  const { place } = request;
  const source = await openImageSource(request.source, place.image, { ...hooks, signal });
  const close = (): void => void source.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const layer = await findLayer(source, place);
    await extractFrom(layer, request, signal);
  } catch (error) {
    if (!limit.aborted) throw error;
    const seconds = Math.round(request.timeMs / 1000);
    const message = `the file could not be read within ${seconds} s`;
    throw new ContentError('timed_out', message, { cause: error });
  } finally {
    signal.removeEventListener('abort', close);
    await source.close();
  }
}

/** The inspected layer. Throws SourceError when the source has a different image now. */
async function findLayer(source: ImageSource, place: ContentPlace): Promise<SourceLayer> {
  const image = await findSourceImage(source, place.image);
  const layer = image.layers[place.layer];
  const isSame =
    layer !== undefined &&
    (layer.digest === undefined || place.layerDigest === undefined
      ? layer.diffId === undefined || place.diffId === undefined || layer.diffId === place.diffId
      : layer.digest === place.layerDigest);
  if (!isSame) {
    const message = `layer ${place.layer} of ${source.reference} is not the one that was inspected`;
    throw new SourceError('digest_mismatch', message);
  }
  if (layer.unavailable === undefined) return layer;
  throw new SourceError('not_found', layer.unavailable.detail);
}

async function extractFrom(
  layer: SourceLayer,
  { content, output }: ExtractRequest,
  signal: AbortSignal,
): Promise<void> {
  const request = { ...content, ...(layer.blob !== undefined && { blob: layer.blob }) };
  if (layer.file !== undefined) return runThread({ request, stored: layer.file, output }, signal);
  const bytes = await layer.open(signal);
  const { port1, port2 } = new MessageChannel();
  const sent = sendBytes(() => Promise.resolve(bytes), port1);
  try {
    await runThread({ request, stored: { port: port2 }, output }, signal);
  } finally {
    port1.close();
    await sent;
  }
}

/** Heap of the thread, which holds an archive while its members are searched. */
const heapMiB = 768;

async function runThread(task: ContentTask, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('content-worker.ts', import.meta.url), {
    workerData: task,
    transferList: 'port' in task.stored ? [task.stored.port] : [],
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const end = (): void => void worker.terminate();
  signal.addEventListener('abort', end, { once: true });
  try {
    const answer = await new Promise<ContentAnswer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the worker thread ended without a result')));
    });
    if ('found' in answer) return;
    throw new ContentError(answer.failure.code, answer.failure.detail);
  } finally {
    signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}
