/**
 * The queue of inspections: pg-boss in a separate schema of the same database, so that a task is
 * queued in the transaction that writes its row. A task whose process crashed is given to another
 * one when its heartbeat stops.
 */
import { limits } from '@lazaret/protocol';
import type { Transaction } from 'kysely';
import { fromKysely, PgBoss, type Job } from 'pg-boss';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/schema.ts';
import { serverLimits } from '../floor/limits.ts';
import { inspectionLimits } from './limits.ts';

export interface InspectionQueue {
  /** Part of the transaction; nothing is queued without its commit. */
  add(trx: Transaction<Database>, task: QueuedTask): Promise<void>;
  /** Removes a waiting task from the queue; a running one is signalled otherwise. */
  remove(trx: Transaction<Database>, queueId: string): Promise<void>;
  /** Changes the priority of a task that waits; no effect on one that runs. */
  prioritize(trx: Transaction<Database>, queueId: string, priority: number): Promise<void>;
  /** Works on tasks until the queue is closed; a task that throws is retried later. */
  work(options: WorkOptions): Promise<void>;
  /** Workers that wait for a task poll at once. */
  wake(): void;
  close(): Promise<void>;
}

export interface QueuedTask {
  readonly inspection: string;
  /** A UUID. */
  readonly queueId: string;
  /** The higher first. */
  readonly priority: number;
}

export interface WorkOptions {
  readonly concurrency: number;
  readonly run: (inspection: string, signal: AbortSignal) => Promise<void>;
}

const queueName = 'inspections';
const second = 1_000;
/** The minimum heartbeat of the library. */
const heartbeatSeconds = 10;
/** Attempts are counted and limited by the row; these include interrupted ones. */
const deliveries = 50;
const poolConnections = 4;

/** Creates or migrates the schema. */
export async function openInspectionQueue(options: {
  readonly url: string;
  readonly log: Logger;
  /** Whether this process requeues tasks whose process has ended. */
  readonly supervise: boolean;
}): Promise<InspectionQueue> {
  const { url, log, supervise } = options;
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'lazaret queue',
    schema: 'lazaret_queue',
    max: poolConnections,
    schedule: false,
    supervise,
    superviseIntervalSeconds: heartbeatSeconds / 2,
    monitorIntervalSeconds: heartbeatSeconds / 2,
    persistWarnings: false,
  });
  boss.on('error', (error) => log.warn({ err: error }, 'the queue of inspections failed'));
  await boss.start();
  const settings = {
    retryLimit: deliveries,
    retryDelay: inspectionLimits.retryMs / second,
    retryBackoff: true,
    retryDelayMax: inspectionLimits.retryMaxMs / second,
    expireInSeconds: (limits.inspectionMsMax + inspectionLimits.graceMs) / second,
    heartbeatSeconds,
    deleteAfterSeconds: inspectionLimits.orphanLayerMs / second,
  };
  await boss.createQueue(queueName, settings);
  await boss.updateQueue(queueName, settings);
  const workers: string[] = [];
  return {
    async add(trx, { inspection, queueId, priority }) {
      const options = { id: queueId, priority, db: fromKysely(trx) };
      const id = await boss.send(queueName, { inspection }, options);
      if (id === null) throw new Error(`the queue refused the inspection ${inspection}`);
    },
    async prioritize(trx, queueId, priority) {
      const options = { id: queueId, priority, db: fromKysely(trx) };
      await boss.update(queueName, undefined, options);
    },
    async remove(trx, queueId) {
      await boss.cancel(queueName, queueId, { db: fromKysely(trx) });
    },
    async work({ concurrency, run }) {
      // One worker each: the library notifies only the first of several.
      for (let count = 0; count < concurrency; count += 1) {
        const id = await boss.work<{ inspection: string }>(
          queueName,
          { pollingIntervalSeconds: inspectionLimits.pollMs / second },
          async ([job]: Job<{ inspection: string }>[]) => {
            try {
              if (job !== undefined) await run(job.data.inspection, job.signal);
            } finally {
              // The next task may be there: without this each worker runs one task per poll.
              boss.notifyWorker(id);
            }
          },
        );
        workers.push(id);
      }
    },
    wake: () => {
      for (const id of workers) boss.notifyWorker(id);
    },
    close: () => boss.stop({ graceful: true, timeout: serverLimits.shutdownMs }),
  };
}
