/** Applies a placement plan: jobs become placed, attempts are created, capacity is reserved. */
import { randomUUID } from 'node:crypto';

import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { serverLimits } from '../floor/limits.ts';
import { reserveCapacity } from '../nodes/index.ts';
import { moveEvent } from './move.ts';
import type { Placement } from './place.ts';

/**
 * One transaction for the whole batch. Jobs that left the queue meanwhile are dropped from it; if
 * a node no longer has the capacity, all of it is rolled back (the next pass uses a new snapshot).
 * Returns the number of attempts created.
 */
export async function applyPlacements(
  database: Kysely<Database>,
  placements: readonly Placement[],
): Promise<number> {
  if (placements.length === 0) return 0;
  return database.transaction().execute(async (transaction) => {
    const placed = await takeJobs(transaction, placements);
    if (placed.length === 0) return 0;
    await transaction
      .insertInto('attempts')
      .values(
        placed.map((job) => ({
          id: newId(),
          job: job.id,
          number: job.attempts,
          node: job.node,
          fence: randomUUID(),
          lease_until: sql<Date>`now() + ${serverLimits.leaseMs} * interval '1 millisecond'`,
          engine_revision: job.engine_revision,
          image_digest: job.image_digest,
          memory_bytes: job.memory_bytes,
          cpus: job.cpus,
        })),
      )
      .execute();
    for (const node of [...new Set(placed.map((job) => job.node))].toSorted()) {
      const here = placed.filter((job) => job.node === node);
      await reserveCapacity(transaction, {
        node,
        memoryBytes: here.reduce((sum, job) => sum + job.memory_bytes, 0),
        cpus: here.reduce((sum, job) => sum + job.cpus, 0),
        attempts: here.length,
      });
    }
    await transaction
      .insertInto('job_history')
      .values(
        placed.map((job) => ({
          job: job.id,
          number: job.moves,
          state: 'placed',
          attempt: job.attempts,
          cause: 'scheduler',
          detail: `on ${job.node}`,
        })),
      )
      .execute();
    await appendEvents(
      transaction,
      placed.map((job) =>
        moveEvent(job, { job: job.id, to: 'placed', attempt: job.attempts, cause: 'scheduler' }),
      ),
    );
    return placed.length;
  });
}

interface PlacedJob {
  readonly id: string;
  readonly project: string;
  readonly engine: string;
  readonly engine_revision: number;
  readonly attempts: number;
  readonly moves: number;
  readonly memory_bytes: number;
  readonly cpus: number;
  readonly node: string;
  readonly image_digest: string;
}

/** Jobs without a pinned image stay in the queue; the scheduler reports why they wait. */
async function takeJobs(
  transaction: Transaction<Database>,
  placements: readonly Placement[],
): Promise<readonly PlacedJob[]> {
  const { rows } = await sql<PlacedJob>`
    update jobs set
      state = 'placed',
      wait_reason = null,
      node = plan.node,
      attempts = jobs.attempts + 1,
      moves = jobs.moves + 1
    from unnest(${placements.map((one) => one.job)}::text[],
                ${placements.map((one) => one.node)}::text[]) as plan (job, node),
         engine_revisions as revision
    where jobs.id = plan.job and jobs.state = 'queued' and jobs.cancel_requested_at is null
      and revision.engine = jobs.engine and revision.revision = jobs.engine_revision
      and revision.image_digest is not null
    returning jobs.id, jobs.project, jobs.engine, jobs.engine_revision, jobs.attempts, jobs.moves,
      jobs.memory_bytes, jobs.cpus, plan.node, revision.image_digest`.execute(transaction);
  return rows;
}
