/**
 * Resolves a reference without examining layers: the digests of the selected images, and the
 * identity of everything else that results depend on. Two inspections with equal resolutions have
 * the same result, so the second one is not needed.
 */
import { createHash } from 'node:crypto';

import { createScanners } from '../scan/create-scanners.ts';
import { advisoryGaps } from '../vulnerability/advisory-coverage.ts';
import { openDatabase, openRequested } from './inspect-image.ts';
import type { InspectHooks, InspectRequest } from './inspect-image.ts';

export interface ImageResolution {
  /** Digests of the selected images: of the manifest, otherwise of the configuration. */
  readonly digests: readonly string[];
  /** The digest of the tag, when the images are in a registry: the `pin` of the inspection. */
  readonly pin: string | undefined;
  /** Digest over tool, scanners, their signatures and limits, and the advisories. */
  readonly scanConfigDigest: string;
}

/** Undefined for directories and containers. Throws SourceError. */
export async function resolveImage(
  request: InspectRequest,
  hooks: Pick<InspectHooks, 'toolVersion' | 'now' | 'signal' | 'sharedRates' | 'openArchive'>,
): Promise<ImageResolution | undefined> {
  const { opened } = await openRequested(request, hooks);
  if (opened.kind === 'directory') return undefined;
  if (opened.kind === 'container') {
    await opened.tree.close();
    return undefined;
  }
  const { source } = opened;
  // Aborts the requests to a stalled registry at once.
  const abort = (): void => void source.close();
  hooks.signal?.addEventListener('abort', abort, { once: true });
  try {
    hooks.signal?.throwIfAborted();
    const { images, digest: pin } = await source.list(request.platform);
    const digests = images.flatMap(
      ({ manifestDigest, configDigest }) => manifestDigest ?? configDigest ?? [],
    );
    if (digests.length < images.length) return undefined;
    return { digests, pin, scanConfigDigest: await digestScanConfig(request, hooks) };
  } finally {
    hooks.signal?.removeEventListener('abort', abort);
    await source.close();
  }
}

async function digestScanConfig(
  request: InspectRequest,
  { toolVersion, now }: Pick<InspectHooks, 'toolVersion' | 'now'>,
): Promise<string> {
  const scanners = createScanners(request.scanners, { now });
  try {
    const described = await Promise.all(
      scanners.map(async (scanner) => {
        const { engine, signatures, limits, healthy } = await scanner.describe();
        return [scanner.id, engine, signatures, limits, healthy];
      }),
    );
    const advisories = openDatabase(request.vulnerabilityDatabase);
    const { signatures = '' } = advisories ?? {};
    const against = advisories === undefined ? [] : advisoryGaps(advisories, now());
    advisories?.close();
    const text = JSON.stringify([toolVersion, described, signatures, against, request.timeMs]);
    return createHash('sha256').update(text).digest('hex');
  } finally {
    await Promise.all(scanners.map((scanner) => scanner.close()));
  }
}
