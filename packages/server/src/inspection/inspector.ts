/** The role inspector: takes inspections from the queue and inspects images. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { LayerThreads, type InspectRequest, type SharedRates } from '@lazaret/analysis';
import {
  pickScannerSettings,
  scannerIds,
  type InspectionSettings,
  type Platform,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { BlobStore } from '../blobs/index.ts';
import type { DatabaseHandle } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { ClaimedInspection } from './inspection-lease.ts';
import { inspectionLimits } from './limits.ts';
import { describeSource, type RegistryLookup, type SourceSettings } from './source-settings.ts';
import type { InspectionQueue } from './queue.ts';
import { inspectionPriorities } from './request-inspection.ts';
import { runInspection } from './run-inspection.ts';
import { removeOrphanLayers } from './store-report.ts';

export interface InspectorOptions {
  readonly database: Kysely<Database>;
  /** Store of uploaded archives. */
  readonly blobs: BlobStore;
  readonly locks: DatabaseHandle;
  readonly queue: InspectionQueue;
  readonly log: Logger;
  readonly settings: InspectionSettings;
  /** Address of the local engine. */
  readonly dockerHost: string;
  /** Base environment of credential helpers, in addition to the configured one. */
  readonly helperEnvironment: Readonly<Record<string, string>>;
  /** Directory of the cache and of temporary files. */
  readonly directory: string;
  readonly toolVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onChange: (inspection: string) => void;
  /** Told when an inspection has ended in any way. */
  readonly onEnd: () => void;
  /** Shared by all that use registries in this process. */
  readonly sharedRates: SharedRates;
  readonly findRegistry: RegistryLookup;
}

export interface Inspector {
  /** Running inspections are requeued. */
  stop(): Promise<void>;
}

export async function startInspector(options: InspectorOptions): Promise<Inspector> {
  const { queue, settings, directory, log, database } = options;
  const stopped = new AbortController();
  const places = { cache: join(directory, 'cache'), spool: join(directory, 'spool') };
  await Promise.all(Object.values(places).map((path) => mkdir(path, { recursive: true })));
  const running = new Set<Promise<void>>();
  const threads = new LayerThreads({ keeps: settings.parallel !== 0 });
  const parts = {
    ...{ ...options, threads },
    timeLimitMs: settings.timeLimit,
    describe: (about: DescribedInspection) => describeRequest(about, { ...options, places }),
  };
  const sweep = (): void => {
    removeOrphanLayers(database).catch((error: unknown) => {
      log.warn({ err: error }, 'orphaned layers could not be removed');
    });
  };
  sweep();
  const preparing = setTimeout(() => threads.prepare(), inspectionLimits.prepareMs);
  const timer = setInterval(sweep, inspectionLimits.orphanLayerMs);
  await queue.work({
    concurrency: settings.concurrency,
    run: async (id, signal) => {
      const work = runInspection(parts, id, AbortSignal.any([stopped.signal, signal]));
      running.add(work);
      try {
        await work;
      } finally {
        running.delete(work);
        options.onEnd();
      }
    },
  });
  return {
    async stop() {
      clearTimeout(preparing);
      clearInterval(timer);
      stopped.abort(new Error('the inspector stops'));
      await Promise.allSettled(running);
      await threads.close();
    },
  };
}

interface DescribeParts extends Omit<SourceSettings, 'spoolDirectory'> {
  readonly places: { readonly cache: string; readonly spool: string };
}

type DescribedInspection = Pick<
  ClaimedInspection,
  'reference' | 'project' | 'platform' | 'priority'
>;

async function describeRequest(
  about: DescribedInspection,
  { places, ...parts }: DescribeParts,
): Promise<InspectRequest> {
  const { settings } = parts;
  const source = await describeSource(about, { ...parts, spoolDirectory: places.spool });
  // Requests of people come before those of watched registries.
  const kind = about.priority < inspectionPriorities.interactive ? 'automatic' : 'interactive';
  return {
    ...source,
    registry: { ...source.registry, kind },
    platform: readPlatform(about.platform),
    files: true,
    scanners: pickScannerSettings(settings, scannerIds),
    vulnerabilityDatabase: settings.vulnerabilityDatabase,
    cache: { directory: places.cache, maxBytes: settings.cacheBytes },
    parallel: settings.parallel,
    timeMs: settings.timeLimit,
  };
}

/** The reference was validated at the request. */
function readPlatform(text: string): 'default' | 'all' | Platform {
  if (text === 'default' || text === 'all') return text;
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
