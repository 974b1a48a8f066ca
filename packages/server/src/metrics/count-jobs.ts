/** Counts finished jobs for the metrics: from the events, in batches, until the signal. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import type { Outbox } from '../floor/events/index.ts';
import { serverLimits } from '../floor/limits.ts';
import type { Metrics } from './metrics.ts';
import { readFinished } from './store.ts';

export interface CountJobsOptions {
  readonly metrics: Metrics;
  readonly outbox: Outbox;
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Runs until the signal aborts. A lost database connection ends the stream; it continues after the
 * last counted event, so no job that finished meanwhile is missed.
 */
export async function countJobs(options: CountJobsOptions): Promise<void> {
  const { signal, log } = options;
  let after: string | undefined;
  let pending: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const complain = (error: unknown): void => {
    if (!signal.aborted) log.warn({ err: error }, 'finished jobs could not be counted');
  };
  const flush = async (): Promise<void> => {
    timer = undefined;
    const ids = pending.splice(0, serverLimits.eventBatch);
    if (ids.length === 0) return;
    try {
      const jobs = await readFinished(options.database, ids);
      for (const job of jobs) options.metrics.observeJob(job);
    } catch (error) {
      pending = [...ids, ...pending];
      throw error;
    } finally {
      if (pending.length > 0) flushSoon();
    }
  };
  const flushSoon = (): void => {
    if (signal.aborted) return;
    timer ??= setTimeout(() => void flush().catch(complain), batchMs);
  };
  while (!signal.aborted) {
    try {
      const filter = { types: ['job.finished'] } as const;
      for await (const event of options.outbox.subscribe({ filter, after, signal })) {
        after = event.cursor;
        pending.push(event.subject);
        flushSoon();
      }
    } catch (error) {
      complain(error);
      await sleep(serverLimits.eventPollMs, undefined, { signal }).catch(() => undefined);
    }
  }
  clearTimeout(timer);
}

/** Jobs that finish within this time are read together. */
const batchMs = 200;
