/**
 * One pass of the scheduler: reads a snapshot, plans, applies; and ends jobs that waited too long
 * or were lost. One process at a time schedules (scheduler.ts holds the lock and runs the loop).
 */
import { sql, type Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/schema.ts';
import { InsufficientCapacity } from '../nodes/index.ts';
import { applyPlacements } from './apply-plan.ts';
import { jobLimits } from './limits.ts';
import { endWaitingJob, finishLostAttempt } from './move.ts';
import { planPlacements } from './place.ts';
import { readSnapshot, type QueuedJob } from './snapshot.ts';

export interface SchedulerOptions {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Called after something was placed, to wake workers. */
  readonly onPlaced: () => void;
  /** Called after events were written. */
  readonly onEvents: () => void;
}

/** Places the jobs that fit. */
export async function placeJobs(options: SchedulerOptions): Promise<void> {
  if ((await place(options)) > 0) options.onEvents();
}

/**
 * Ends jobs that waited too long and, once workers had the time of a lease to recover their
 * nodes, attempts whose lease expired.
 */
export async function endOverdue(
  options: SchedulerOptions,
  how: { readonly settled: boolean },
): Promise<void> {
  const waits = await endExpiredWaits(options.database);
  const lost = how.settled ? await endLostAttempts(options) : 0;
  if (waits + lost > 0) options.onEvents();
}

async function place(options: SchedulerOptions): Promise<number> {
  const { database } = options;
  const snapshot = await readSnapshot(database);
  if (snapshot.jobs.length === 0) return 0;
  const runnable = snapshot.jobs.filter((job) => job.pinned);
  const plan = planPlacements({ ...snapshot, jobs: runnable });
  let placed = 0;
  try {
    placed = await applyPlacements(database, plan.placements);
  } catch (error) {
    if (!(error instanceof InsufficientCapacity)) throw error;
    options.log.info({ err: error }, 'the plan no longer fits; planning again');
  }
  if (placed > 0) options.onPlaced();
  for (const { job, reason } of plan.impossible) {
    await endWaitingJob(database, {
      job,
      to: 'failed',
      cause: 'scheduler',
      outcome: { code: 'impossible', detail: reason },
    });
  }
  const unpinned = snapshot.jobs
    .filter((job) => !job.pinned)
    .map((job) => ({ job: job.id, reason: 'no node has the image of the engine yet' }));
  await explainWaits(database, snapshot.jobs, [...plan.waits, ...unpinned]);
  return placed + plan.impossible.length;
}

/** Writes the reasons that changed. */
async function explainWaits(
  database: Kysely<Database>,
  jobs: readonly QueuedJob[],
  waits: readonly { readonly job: string; readonly reason: string }[],
): Promise<void> {
  const written = new Map(jobs.map((job) => [job.id, job.waitReason]));
  const changed = waits.filter(({ job, reason }) => written.get(job) !== reason);
  if (changed.length === 0) return;
  await sql`
    update jobs set wait_reason = wait.reason
    from unnest(${changed.map((one) => one.job)}::text[],
                ${changed.map((one) => one.reason)}::text[]) as wait (job, reason)
    where jobs.id = wait.job and jobs.state = 'queued'`.execute(database);
}

/** Jobs that exceeded their queue time limit. */
async function endExpiredWaits(database: Kysely<Database>): Promise<number> {
  const expired = await database
    .selectFrom('jobs')
    .select(['id', 'queue_time_limit_ms', 'wait_reason'])
    .where('state', '=', 'queued')
    .where(sql<boolean>`queued_at + queue_time_limit_ms * interval '1 millisecond' < now()`)
    .limit(jobLimits.placementBatchJobs)
    .execute();
  for (const job of expired) {
    const reason = job.wait_reason === null ? '' : `; the last reason: ${job.wait_reason}`;
    await endWaitingJob(database, {
      job: job.id,
      to: 'timed_out',
      cause: 'scheduler',
      outcome: {
        code: 'queue_time_limit',
        detail: `waited longer than ${job.queue_time_limit_ms / 1000} s${reason}`,
      },
    });
  }
  return expired.length;
}

/** Attempts whose worker stopped renewing their lease: fenced first, then ended as lost. */
async function endLostAttempts(options: SchedulerOptions): Promise<number> {
  const { rows } = await sql<{ id: string; fence: string; node: string; job: string }>`
    update attempts set fence = gen_random_uuid()::text, lease_until = now() + interval '1 minute'
    where id in (
      select id from attempts where finished_at is null and lease_until < now()
      order by lease_until limit ${jobLimits.placementBatchJobs} for update skip locked
    )
    returning id, fence, node, job`.execute(options.database);
  for (const { id, fence, node, job } of rows) {
    options.log.warn({ attempt: id, job, node }, 'attempt lost: lease expired');
    await finishLostAttempt(
      options.database,
      { attempt: id, fence },
      {
        cause: 'scheduler',
        detail: `the worker of the node ${node} stopped renewing the lease of the attempt`,
      },
    );
  }
  return rows.length;
}
