/**
 * One attempt at an inspection: taken with a fence, looked into under a lock for its digests, and
 * ended in one of five ways: finished, failed, cancelled, put back for another attempt, or left
 * alone because it is another inspector's by now.
 */
import { setTimeout as pause } from 'node:timers/promises';

import {
  TransientError,
  SourceError,
  resolveImage,
  type InspectRequest,
  type ResolvedImage,
  type SharedRates,
  type SourceRemedy,
} from '@lazaret/analysis';
import { Problem, type InspectionProblemCode, type InspectionReport } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { withAdvisoryLock, type DatabaseHandle } from '../floor/db/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { findKnown } from './find-known.ts';
import { InspectionHold, type TakenInspection } from './inspection-hold.ts';
import { inspectionLimits } from './limits.ts';
import { archiveOpener } from './source-settings.ts';
import { storeReport, InspectionLostError, type StoredImage } from './store-report.ts';

export interface InspectorParts {
  readonly database: Kysely<Database>;
  /** Connections that hold a lock as long as an inspection takes. */
  readonly locks: DatabaseHandle;
  readonly log: Logger;
  /** Where uploaded archives are. */
  readonly blobs: BlobStore;
  /** What is asked of the analysis for a reference and platform. */
  readonly describe: (about: TakenInspection) => InspectRequest;
  readonly timeLimitMs: number;
  /** However many inspections ask a registry. */
  readonly sharedRates: SharedRates;
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told when something changed. */
  readonly onChange: (inspection: string) => void;
}

/** Throws when the task is to be given out again. */
export async function runInspection(
  parts: InspectorParts,
  id: string,
  stop: AbortSignal,
): Promise<void> {
  const hold = await InspectionHold.take(parts, id);
  parts.onChange(id);
  if (hold === undefined) return;
  const limit = AbortSignal.timeout(parts.timeLimitMs);
  const signal = AbortSignal.any([stop, limit, hold.signal]);
  hold.keep();
  try {
    const images = await withEnd(inspectOnce(parts, hold, signal), signal);
    await hold.finish(images);
  } catch (error) {
    await endBadly(parts, hold, { error, stop, limit });
  } finally {
    hold.close();
    parts.onChange(id);
  }
}

/** The analysis heeds its signal soon; a caller of ours need not wait for that. */
async function withEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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
  hold: InspectionHold,
  signal: AbortSignal,
): Promise<StoredImage[]> {
  const { toolVersion, now, sharedRates } = parts;
  const { archiveName } = hold.about;
  const described = parts.describe(hold.about);
  // Reports call an archive what people call it.
  const request = archiveName === null ? described : { ...described, reference: archiveName };
  const openArchive = archiveOpener(hold.about.reference, parts.blobs);
  hold.setPhase('resolving');
  const hooks = { toolVersion, now, signal, sharedRates, openArchive };
  const resolved = await resolveImage(request, hooks);
  if (resolved === undefined) {
    throw new SourceError(
      'unsupported',
      `only images with a digest can be stored; ${request.reference} has one without`,
    );
  }
  try {
    return await inspectResolved(parts, hold, { resolved, signal });
  } finally {
    await resolved.close();
  }
}

async function inspectResolved(
  parts: InspectorParts,
  hold: InspectionHold,
  { resolved, signal }: { readonly resolved: ResolvedImage; readonly signal: AbortSignal },
): Promise<StoredImage[]> {
  const { database } = parts;
  const known = async (): Promise<StoredImage[] | undefined> =>
    hold.about.force ? undefined : findKnown(database, hold.about, resolved);
  const before = await known();
  if (before !== undefined) return before;
  const examine = async (lost: AbortSignal): Promise<StoredImage[]> => {
    // The holder of the lock before may have inspected the same images.
    const meanwhile = await known();
    if (meanwhile !== undefined) return meanwhile;
    hold.setPhase('layers');
    const reports = await resolved.inspect({
      signal: AbortSignal.any([signal, lost]),
      onProgress: (progress) => hold.tell(progress),
      onWarning: (warning) =>
        parts.log.warn({ inspection: hold.about.id, warning }, 'an inspection had a warning'),
    });
    hold.setPhase('storing');
    const images: StoredImage[] = [];
    for (const report of reports) {
      signal.throwIfAborted();
      const { project, id: inspection } = hold.about;
      const means = isLasting(report) ? resolved.scanConfigDigest : undefined;
      const context = { database, project, inspection, fence: hold.fence, means };
      const stored = await storeReport(report, context);
      if (stored !== undefined) images.push(stored);
    }
    return images;
  };
  const lock = `inspection ${resolved.digests.toSorted().join(' ')}`;
  return withAdvisoryLock(parts.locks, lock, examine, { waitMs: parts.timeLimitMs });
}

/** Whether looking again would see no more: nothing was missing, nobody was ill. */
function isLasting({ coverage }: InspectionReport): boolean {
  const { layers, scanners, gaps } = coverage;
  const passing = ['timed_out', 'failed', 'unhealthy', 'missing_part'];
  return (
    layers.missing + layers.partial === 0 &&
    scanners.every(({ healthy, failed }) => healthy && failed === 0) &&
    !gaps.some(({ reason }) => passing.includes(reason))
  );
}

interface BadEnd {
  readonly error: unknown;
  readonly stop: AbortSignal;
  readonly limit: AbortSignal;
}

async function endBadly(
  parts: InspectorParts,
  hold: InspectionHold,
  { error, stop, limit }: BadEnd,
): Promise<void> {
  const { log } = parts;
  const { id } = hold.about;
  if (error instanceof InspectionLostError || hold.isLost) {
    log.info({ inspection: id }, 'the inspection is another inspector’s now');
    return;
  }
  if (hold.isCancelled) return hold.endCancelled();
  if (stop.aborted) {
    await hold.putBack();
    throw new Error('the inspector stops');
  }
  const problem = limit.aborted
    ? {
        code: 'time_limit' as const,
        detail: `it took longer than ${Math.round(parts.timeLimitMs / 1000)} s`,
      }
    : describeError(error);
  if (problem.code === 'internal')
    log.error({ err: error, inspection: id }, 'an inspection failed');
  // May be another moment's fault.
  const isPassing = problem.code === 'internal' || error instanceof TransientError;
  if (isPassing && hold.about.attempts < inspectionLimits.attempts) {
    await hold.putBack(problem);
    throw error;
  }
  await hold.fail(problem);
}

const remedies: Readonly<Record<SourceRemedy, string>> = {
  plain_http: 'inspection.registries.plainHttp lists registries without TLS',
  tls: 'a registry with TLS must not be in inspection.registries.plainHttp',
  trust: 'inspection.registries.caFiles names authorities to trust',
  client_certificate: 'certificates to show lie in /etc/docker/certs.d/HOST',
};

function describeError(error: unknown): {
  readonly code: InspectionProblemCode;
  readonly detail: string;
} {
  if (error instanceof SourceError) {
    // Names are checked when an inspection is asked for: one that was kept may be of an older form.
    const code = error.code === 'invalid_reference' ? 'unsupported' : error.code;
    const advice = error.remedy === undefined ? '' : `; ${remedies[error.remedy]}`;
    return { code, detail: `${error.message}${advice}` };
  }
  if (error instanceof Problem) return { code: 'internal', detail: error.message };
  return { code: 'internal', detail: 'the inspector failed; the log of the server says more' };
}
