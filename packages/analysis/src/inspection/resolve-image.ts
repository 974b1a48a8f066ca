/**
 * Resolves a reference before anything is examined: the digests of the images that are selected,
 * and the identity of everything that a report depends on. Two inspections with equal resolutions
 * have equal reports, so a caller can answer from what it stored. The source stays open, so that
 * what was resolved is inspected without opening or listing it again: an engine exports an image
 * once, and a tag that moves meanwhile changes nothing.
 */
import { createHash } from 'node:crypto';

import type { InspectionReport } from '@lazaret/protocol';

import type { OpenedSource } from '../source/open-source.ts';
import { createScanners } from '../scan/create-scanners.ts';
import { advisoryGaps } from '../vulnerability/advisory-coverage.ts';
import { inspectOpened, inspectOptions, openDatabase, openRequested } from './inspect-image.ts';
import type { InspectHooks, InspectRequest } from './inspect-image.ts';

export interface ImageResolution {
  /** Digests of the selected images: of the manifest, otherwise of the configuration. */
  readonly digests: readonly string[];
  /** Digest over tool, scanners, their signatures and limits, and the advisories. */
  readonly scanConfigDigest: string;
}

export interface ResolvedImage extends ImageResolution {
  /** A report for each selected image. Call it at most once. Throws SourceError. */
  inspect(
    hooks: Pick<InspectHooks, 'signal' | 'onProgress' | 'onWarning'>,
  ): Promise<InspectionReport[]>;
  /** Closes the source. Safe to call twice, and after `inspect`. */
  close(): Promise<void>;
}

type ResolveHooks = Pick<
  InspectHooks,
  'toolVersion' | 'now' | 'signal' | 'sharedRates' | 'threads' | 'openArchive'
>;

/** Undefined for directories and containers. Throws SourceError. */
export async function resolveImage(
  request: InspectRequest,
  hooks: ResolveHooks,
): Promise<ResolvedImage | undefined> {
  const { opened, hint } = await openRequested(request, hooks);
  if (opened.kind === 'directory') return undefined;
  if (opened.kind === 'container') {
    await opened.tree.close();
    return undefined;
  }
  const resolved = await resolveOpened(opened, { request, hooks, hint }).catch(
    async (error: unknown) => {
      await opened.source.close();
      throw error;
    },
  );
  if (resolved === undefined) await opened.source.close();
  return resolved;
}

async function resolveOpened(
  opened: OpenedSource & { readonly kind: 'image' },
  parts: {
    readonly request: InspectRequest;
    readonly hooks: ResolveHooks;
    readonly hint: string | undefined;
  },
): Promise<ResolvedImage | undefined> {
  const { request, hooks, hint } = parts;
  const { source } = opened;
  // Aborts the requests to a stalled registry at once.
  const abort = (): void => void source.close();
  hooks.signal?.addEventListener('abort', abort, { once: true });
  try {
    hooks.signal?.throwIfAborted();
    const listing = await source.list(request.platform);
    const digests = listing.images.flatMap(
      ({ manifestDigest, configDigest }) => manifestDigest ?? configDigest ?? [],
    );
    if (digests.length < listing.images.length) return undefined;
    return {
      digests,
      scanConfigDigest: await digestScanConfig(request, hooks),
      inspect: async (watching) => {
        const advisories = openDatabase(request.vulnerabilityDatabase);
        try {
          const options = inspectOptions(request, { ...hooks, ...watching }, advisories);
          return await inspectOpened(opened, { ...options, listing, sourceHint: hint });
        } finally {
          advisories?.close();
        }
      },
      close: () => source.close(),
    };
  } finally {
    hooks.signal?.removeEventListener('abort', abort);
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
