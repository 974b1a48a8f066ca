/**
 * Recovery when a worker starts serving a node: it gives every live attempt there a new fence (a
 * previous worker of the node can write nothing any more), lists the containers with the label of
 * this installation, and decides for each. Pure in `planRecovery`.
 */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { labelNames, type FoundContainer } from '../executors/index.ts';
import { serverLimits } from '../floor/limits.ts';

export interface LiveAttempt {
  readonly id: string;
  readonly fence: string;
  readonly state: string;
}

export type Recovery =
  | { readonly attempt: LiveAttempt; readonly action: 'run' }
  | { readonly attempt: LiveAttempt; readonly action: 'adopt'; readonly containerId: string }
  | { readonly attempt: LiveAttempt; readonly action: 'lost' };

export interface RecoveryPlan {
  readonly attempts: readonly Recovery[];
  /** Containers to remove first: leftovers, and ones that never started. */
  readonly remove: readonly string[];
}

/**
 * A container that runs or has ended is resumed. Without one, or with one that was never
 * started, nothing ran: the same attempt is started again. An attempt that had started and has no
 * container is lost.
 */
export function planRecovery(
  attempts: readonly LiveAttempt[],
  containers: readonly FoundContainer[],
): RecoveryPlan {
  const byAttempt = Map.groupBy(containers, (one) => one.labels[labelNames.attempt] ?? '');
  const remove: string[] = [];
  const decided = attempts.map((attempt): Recovery => {
    const own = byAttempt.get(attempt.id) ?? [];
    byAttempt.delete(attempt.id);
    const started = own.find((one) => one.state !== 'created');
    remove.push(...own.filter((one) => one !== started).map((one) => one.containerId));
    if (started !== undefined) {
      return { attempt, action: 'adopt', containerId: started.containerId };
    }
    const nothingRan = attempt.state === 'placed' || attempt.state === 'starting';
    return { attempt, action: nothingRan ? 'run' : 'lost' };
  });
  for (const leftovers of byAttempt.values())
    remove.push(...leftovers.map((one) => one.containerId));
  return { attempts: decided, remove };
}

/** New fences for every live attempt of the node. */
export async function fenceAttempts(
  database: Kysely<Database>,
  node: string,
): Promise<LiveAttempt[]> {
  const { rows } = await sql<LiveAttempt>`
    update attempts set
      fence = gen_random_uuid()::text,
      lease_until = now() + ${serverLimits.leaseMs} * interval '1 millisecond'
    where node = ${node} and finished_at is null
    returning id, fence, state`.execute(database);
  return [...rows];
}

/** Which of these attempts have ended, or are unknown: their containers are leftovers. */
export async function endedAttempts(
  database: Kysely<Database>,
  attempts: readonly string[],
): Promise<Set<string>> {
  if (attempts.length === 0) return new Set();
  const live = await database
    .selectFrom('attempts')
    .select('id')
    .where('id', 'in', attempts)
    .where('finished_at', 'is', null)
    .execute();
  const alive = new Set(live.map((row) => row.id));
  return new Set(attempts.filter((id) => !alive.has(id)));
}
