/**
 * Cancels a job: a queued one ends at once; for a live one its worker kills the container.
 */
import { isFinal, type JobState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { recordMove } from './move.ts';

/** The state of the job: a live one is cancelled when its worker has killed the container. */
export type Cancellation = 'cancelled' | 'cancelling' | 'unchanged';

/** The effect of a cancellation: an ended job, or one being cancelled, is unchanged. */
export function cancellationOf(job: {
  readonly state: string;
  readonly cancel_requested_at: Date | null;
}): Cancellation {
  if (isFinal(job.state as JobState) || job.cancel_requested_at !== null) return 'unchanged';
  return job.state === 'queued' ? 'cancelled' : 'cancelling';
}

/**
 * Idempotent: an ended job, and one that is being cancelled, are `unchanged`.
 */
export async function cancelJob(
  database: Kysely<Database>,
  id: string,
  actor: string,
): Promise<Cancellation> {
  return database.transaction().execute(async (transaction) => {
    const job = await transaction
      .selectFrom('jobs')
      .select(['id', 'project', 'engine', 'state', 'cancel_requested_at'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (job === undefined) return 'unchanged';
    const cancellation = cancellationOf(job);
    if (cancellation === 'unchanged') return cancellation;
    const waiting = cancellation === 'cancelled';
    const moved = await transaction
      .updateTable('jobs')
      .set({
        cancel_requested_at: sql<Date>`now()`,
        cancelled_by: actor,
        ...(waiting
          ? {
              state: 'cancelled',
              wait_reason: null,
              outcome_code: 'cancelled',
              outcome_detail: `cancelled by ${actor} while it waited`,
              finished_at: sql<Date>`now()`,
              moves: sql<number>`moves + 1`,
            }
          : {}),
      })
      .where('id', '=', id)
      .returning(['id', 'project', 'engine', 'moves'])
      .executeTakeFirstOrThrow();
    await appendEvents(transaction, [
      {
        type: 'job.cancelled',
        subject: id,
        actor,
        project: job.project,
        data: { engine: job.engine, state: job.state },
      },
    ]);
    if (waiting) await recordMove(transaction, moved, { job: id, to: 'cancelled', cause: actor });
    return cancellation;
  });
}
