/** Opens an inspected image at the first of its sources that still has it. */
import { exportImage, type ExportedImage, type SharedRates } from '@lazaret/analysis';
import { SourceError, TransientError } from '@lazaret/oci';
import { asProblem } from '@lazaret/protocol';

import type { BlobStore } from '../blobs/index.ts';
import { allowWatched, checkReference } from './check-reference.ts';
import { archiveOpener, describeSource, type SourceSettings } from './source-settings.ts';
import type { ImageBytes } from './stored-images.ts';

export interface ImageOpenerParts extends SourceSettings {
  readonly blobs: BlobStore;
  readonly sharedRates: SharedRates;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface OpeningRequest {
  readonly project: string;
  readonly digest: string;
  readonly bytes: ImageBytes;
  /** Of all layers, uncompressed. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Why no source has the image. */
export class ImageUnavailableError extends Error {
  /** Whether it may be available later. */
  readonly isTransient: boolean;

  constructor(message: string, isTransient: boolean) {
    super(message);
    this.name = 'ImageUnavailableError';
    this.isTransient = isTransient;
  }
}

/** Runs `use` with the verified image. Throws ImageUnavailableError, and what `use` throws. */
export async function withImage<T>(
  parts: ImageOpenerParts,
  request: OpeningRequest,
  use: (image: ExportedImage) => Promise<T>,
): Promise<T> {
  const reasons: string[] = [];
  let isTransient = false;
  for (const reference of request.bytes.references) {
    try {
      return await openAt(parts, { ...request, reference }, use);
    } catch (error) {
      request.signal.throwIfAborted();
      const reason = reasonOf(error);
      reasons.push(`${reference}: ${reason.message}`);
      isTransient ||= reason.isTransient;
    }
  }
  const message = reasons.length === 0 ? 'no inspection of it is known' : reasons.join('; ');
  throw new ImageUnavailableError(message, isTransient);
}

async function openAt<T>(
  parts: ImageOpenerParts,
  request: OpeningRequest & { readonly reference: string },
  use: (image: ExportedImage) => Promise<T>,
): Promise<T> {
  const { reference, project, digest, bytes, maxBytes, signal } = request;
  const { settings, blobs, sharedRates, now, findRegistry, spoolDirectory } = parts;
  // The policy is checked again, since settings change.
  const watched = await findRegistry(project, reference);
  const policy = watched === undefined ? settings : allowWatched(settings, reference);
  const checked = checkReference(reference, policy);
  const source = await describeSource({ reference: checked, project }, parts);
  const openArchive = archiveOpener(reference, blobs);
  return exportImage(
    { source: { ...source, spoolDirectory }, image: digest, diffIds: bytes.diffIds, maxBytes },
    { now, signal, sharedRates, openArchive },
    use,
  );
}

const transientProblems: ReadonlySet<string> = new Set(['unavailable', 'too_many_requests']);

function reasonOf(error: unknown): { readonly message: string; readonly isTransient: boolean } {
  if (error instanceof TransientError) return { message: error.message, isTransient: true };
  if (error instanceof SourceError) {
    const isTransient = error.code === 'unreachable' || error.code === 'rate_limited';
    return { message: error.message, isTransient };
  }
  const problem = asProblem(error);
  if (problem === undefined) throw error;
  return { message: problem.message, isTransient: transientProblems.has(problem.code) };
}
