/**
 * Images that are pulled through the gate: their last arrival, and a new one for those that were
 * never inspected. A person waits, so that it comes before everything else.
 */
import type { ArrivalState, VerdictState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';
import { inspectionPriorities } from '../inspection/index.ts';
import { insertArrivals, lockRepository } from './apply-tags.ts';
import type { WatchedRegistry } from './connection.ts';

/** An image in one repository. */
export interface PlacedImage {
  readonly registry: WatchedRegistry;
  readonly repository: string;
  readonly digest: string;
}

export interface LastArrival {
  readonly id: string;
  readonly state: ArrivalState;
  readonly verdict: VerdictState | null;
  readonly priority: number;
  /** Whether a policy decided about it. */
  readonly isDecided: boolean;
  /** Milliseconds since it settled; null until then. */
  readonly settledAgoMs: number | null;
}

/** The last arrival of a digest in a repository: one read of an index. */
export async function readLastArrival(
  database: Kysely<Database>,
  { registry, repository, digest }: PlacedImage,
): Promise<LastArrival | undefined> {
  const { rows } = await sql<LastArrival>`
    select id, state, verdict, priority, decision is not null as "isDecided",
      (extract(epoch from now() - settled_at) * 1000)::float8 as "settledAgoMs"
    from arrivals
    where registry = ${registry.id} and repository = ${repository} and digest = ${digest}
    order by id desc limit 1`.execute(database);
  return rows[0];
}

/** Digests that arrived in a repository, the latest first, with repetitions. */
export async function listArrivedDigests(
  database: Kysely<Database>,
  place: Pick<PlacedImage, 'registry' | 'repository'> & { readonly limit: number },
): Promise<string[]> {
  const rows = await database
    .selectFrom('arrivals')
    .select('digest')
    .where('registry', '=', place.registry.id)
    .where('repository', '=', place.repository)
    .where('state', '=', 'inspected')
    .orderBy('id', 'desc')
    .limit(place.limit)
    .execute();
  return [...new Set(rows.map(({ digest }) => digest))];
}

export interface RequestedPull {
  readonly tag: string | undefined;
  /** Who pulls. */
  readonly actor: string;
  /** An inspection that failed longer ago is repeated. */
  readonly retryFailedMs: number;
}

/**
 * Has a digest inspected that was not yet, before everything that waits in the background.
 * Idempotent: concurrent pulls share one arrival. Wake the watcher after it.
 */
export async function recordPull(
  database: Kysely<Database>,
  image: PlacedImage,
  { tag, actor, retryFailedMs }: RequestedPull,
): Promise<void> {
  const { registry, repository, digest } = image;
  const priority = inspectionPriorities.interactive;
  await transaction(database, async (trx) => {
    await lockRepository(trx, { registry, repository });
    const last = await readLastArrival(trx, image);
    if (last?.state === 'inspected') return;
    const isFailed = last?.state === 'failed';
    if (isFailed && (last.settledAgoMs ?? 0) < retryFailedMs) return;
    if (last !== undefined && !isFailed && last.priority >= priority) return;
    if (last?.state === 'waiting') {
      await trx
        .updateTable('arrivals')
        .set({ priority, retry_at: null })
        .where('id', '=', last.id)
        .execute();
      return;
    }
    // The inspection that runs or is queued is found by its reference, and moved forward.
    const push = { source: 'gate', actor } as const;
    await insertArrivals(trx, registry, [
      { id: newId(), repository, tag, digest, source: 'gate', push },
    ]);
  });
}
