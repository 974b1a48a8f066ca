/**
 * One attempt at an inspection: claimed with a fence, run under a lock for its digests, and ended
 * in one of five ways: finished, failed, cancelled, requeued for another attempt, or abandoned
 * because another inspector has claimed it.
 */
import { setTimeout as pause } from 'node:timers/promises';

import {
  TransientError,
  SourceError,
  resolveImage,
  type InspectRequest,
  type ResolvedImage,
  type LayerThreads,
  type SharedRates,
  type SourceRemedy,
} from '@lazaret/analysis';
import {
  Problem,
  registrySettingPath,
  type InspectionProblemCode,
  type InspectionReport,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { withAdvisoryLock, type DatabaseHandle } from '../floor/db/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { findKnown } from './find-known.ts';
import { InspectionLease, type ClaimedInspection } from './inspection-lease.ts';
import { inspectionLimits } from './limits.ts';
import { archiveOpener } from './source-settings.ts';
import { storeReport, InspectionLostError, type StoredImage } from './store-report.ts';

export interface InspectorParts {
  readonly database: Kysely<Database>;
  /** Connections that hold a lock during an inspection. */
  readonly locks: DatabaseHandle;
  readonly log: Logger;
  /** Store of uploaded archives. */
  readonly blobs: BlobStore;
  /** The request to the analysis for a reference and platform. */
  readonly describe: (about: ClaimedInspection) => Promise<InspectRequest>;
  readonly timeLimitMs: number;
  /** Shared by all inspections of the process. */
  readonly sharedRates: SharedRates;
  /** Of all inspections of the process. */
  readonly threads?: LayerThreads | undefined;
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when something changed. */
  readonly onChange: (inspection: string) => void;
}

/** Throws when the task must be delivered again. */
export async function runInspection(
  parts: InspectorParts,
  id: string,
  stop: AbortSignal,
): Promise<void> {
  const lease = await InspectionLease.claim(parts, id);
  parts.onChange(id);
  if (lease === undefined) return;
  const limit = AbortSignal.timeout(parts.timeLimitMs);
  const signal = AbortSignal.any([stop, limit, lease.signal]);
  lease.startRenewing();
  try {
    const images = await withGracePeriod(inspectOnce(parts, lease, signal), signal);
    await lease.finish(images);
  } catch (error) {
    await handleFailure(parts, lease, { error, stop, limit });
  } finally {
    lease.close();
    parts.onChange(id);
  }
}

/** The analysis ends soon after its signal; the caller need not wait for that. */
async function withGracePeriod<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const grace = new AbortController();
  const late = new Promise<never>((_, reject) => {
    const give = async (): Promise<void> => {
      await pause(inspectionLimits.progressMs, undefined, { signal: grace.signal });
      reject(signal.reason instanceof Error ? signal.reason : new Error('ended'));
    };
    const begin = (): void => void give().catch(() => undefined);
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    grace.abort();
  }
}

async function inspectOnce(
  parts: InspectorParts,
  lease: InspectionLease,
  signal: AbortSignal,
): Promise<StoredImage[]> {
  const { toolVersion, now, sharedRates, threads } = parts;
  const { archiveName } = lease.about;
  const described = await parts.describe(lease.about);
  // Reports have the original file name of an archive.
  const request = archiveName === null ? described : { ...described, reference: archiveName };
  const openArchive = archiveOpener(lease.about.reference, parts.blobs);
  lease.setPhase('resolving');
  const hooks = { toolVersion, now, signal, sharedRates, threads, openArchive };
  const resolved = await resolveImage(request, hooks);
  if (resolved === undefined) {
    throw new SourceError(
      'unsupported',
      `only images with a digest can be stored; ${request.reference} has one without`,
    );
  }
  try {
    return await inspectResolved(parts, lease, { resolved, signal });
  } finally {
    await resolved.close();
  }
}

async function inspectResolved(
  parts: InspectorParts,
  lease: InspectionLease,
  { resolved, signal }: { readonly resolved: ResolvedImage; readonly signal: AbortSignal },
): Promise<StoredImage[]> {
  const { database } = parts;
  const known = async (): Promise<StoredImage[] | undefined> =>
    lease.about.force ? undefined : findKnown(database, lease.about, resolved);
  const before = await known();
  if (before !== undefined) return before;
  const examine = async (lost: AbortSignal): Promise<StoredImage[]> => {
    // The previous holder of the lock may have inspected the same images.
    const meanwhile = await known();
    if (meanwhile !== undefined) return meanwhile;
    lease.setPhase('layers');
    const reports = await resolved.inspect({
      signal: AbortSignal.any([signal, lost]),
      onProgress: (progress) => lease.reportProgress(progress),
      onWarning: (warning) =>
        parts.log.warn({ inspection: lease.about.id, warning }, 'an inspection had a warning'),
    });
    lease.setPhase('storing');
    const images: StoredImage[] = [];
    for (const report of reports) {
      signal.throwIfAborted();
      const { project, id: inspection } = lease.about;
      const scanConfigDigest = isCacheable(report) ? resolved.scanConfigDigest : undefined;
      const context = { database, project, inspection, fence: lease.fence, scanConfigDigest };
      const stored = await storeReport(report, context);
      if (stored !== undefined) images.push(stored);
    }
    return images;
  };
  const lock = `inspection ${resolved.digests.toSorted().join(' ')}`;
  return withAdvisoryLock(parts.locks, lock, examine, { waitMs: parts.timeLimitMs });
}

/**
 * Whether another inspection could not find more: nothing was missing, all scanners were healthy.
 */
function isCacheable({ coverage }: InspectionReport): boolean {
  const { layers, scanners, gaps } = coverage;
  const transient = ['timed_out', 'failed', 'unhealthy', 'missing_part'];
  return (
    layers.missing + layers.partial === 0 &&
    scanners.every(({ healthy, failed }) => healthy && failed === 0) &&
    !gaps.some(({ reason }) => transient.includes(reason))
  );
}

interface FailureContext {
  readonly error: unknown;
  readonly stop: AbortSignal;
  readonly limit: AbortSignal;
}

async function handleFailure(
  parts: InspectorParts,
  lease: InspectionLease,
  { error, stop, limit }: FailureContext,
): Promise<void> {
  const { log } = parts;
  const { id } = lease.about;
  if (error instanceof InspectionLostError || lease.isLost) {
    log.info({ inspection: id }, 'the inspection was taken by another inspector');
    return;
  }
  if (lease.isCancelled) return lease.endCancelled();
  if (stop.aborted) {
    await lease.requeue();
    throw new Error('the inspector is stopping');
  }
  const problem = limit.aborted
    ? {
        code: 'time_limit' as const,
        detail: `it took longer than ${Math.round(parts.timeLimitMs / 1000)} s`,
      }
    : describeError(error);
  if (problem.code === 'internal')
    log.error({ err: error, inspection: id }, 'an inspection failed');
  const isTransient = problem.code === 'internal' || error instanceof TransientError;
  if (isTransient && lease.about.attempts < inspectionLimits.attempts) {
    await lease.requeue(problem);
    throw error;
  }
  await lease.fail(problem);
}

const remedies: Readonly<Record<SourceRemedy, string>> = {
  plain_http: `${registrySettingPath('plainHttp')} lists registries without TLS`,
  tls: `a registry with TLS must not be in ${registrySettingPath('plainHttp')}`,
  trust: `${registrySettingPath('caFiles')} names authorities to trust`,
  client_certificate: 'client certificates are read from /etc/docker/certs.d/HOST',
};

function describeError(error: unknown): {
  readonly code: InspectionProblemCode;
  readonly detail: string;
} {
  if (error instanceof SourceError) {
    // Names are checked at the request: a stored one may have an older form.
    const code = error.code === 'invalid_reference' ? 'unsupported' : error.code;
    const advice = error.remedy === undefined ? '' : `; ${remedies[error.remedy]}`;
    return { code, detail: `${error.message}${advice}` };
  }
  if (error instanceof Problem) return { code: 'internal', detail: error.message };
  return { code: 'internal', detail: 'internal error; see the server log' };
}
