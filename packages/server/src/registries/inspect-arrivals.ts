/**
 * Arrivals are the queue of what is to be inspected. Only a bounded number of each priority is
 * handed to the inspectors at a time, so that a backlog of any size leaves room in their queue for
 * pushes and for people. The results of the inspections are written back; after transient
 * failures they are repeated later, behind everything else.
 */
import { jitteredBackoffMs, Problem, type VerdictState } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { databaseCode, transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import {
  inspectionPriorities,
  listInspectedImages,
  requestWithin,
  summarizeInspections,
  worstVerdict,
  type InspectionQueue,
  type InspectionSummary,
} from '../inspection/index.ts';
import { localAddress, type WatchedRegistry } from './connection.ts';
import { watchLimits } from './limits.ts';
import { readWatched } from './store.ts';

export interface ArrivalParts {
  readonly database: Kysely<Database>;
  readonly queue: InspectionQueue;
  readonly random: () => number;
}

const rooms: ReadonlyMap<number, number> = new Map([
  [inspectionPriorities.interactive, watchLimits.inspectingGate],
  [inspectionPriorities.webhook, watchLimits.inspectingWebhook],
  [inspectionPriorities.poll, watchLimits.inspectingPoll],
  [inspectionPriorities.backlog, watchLimits.inspectingBacklog],
]);

/** Requests inspections while there is room. Returns how many arrivals were handed over. */
export async function inspectArrivals(parts: ArrivalParts, signal: AbortSignal): Promise<number> {
  let handed = 0;
  for (const [priority, most] of rooms) {
    const inspecting = await countInspecting(parts.database, priority);
    for (let room = most - inspecting; room > 0 && !signal.aborted; room -= 1) {
      const one = await inspectNext(parts, priority);
      if (one === 'none') break;
      // The queue of inspections is full of what others asked for.
      if (one === 'full') return handed;
      handed += 1;
    }
  }
  if (handed > 0) parts.queue.wake();
  return handed;
}

async function countInspecting(database: Kysely<Database>, priority: number): Promise<number> {
  const { count } = await database
    .selectFrom('arrivals')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('state', '=', 'inspecting')
    .where('priority', '=', priority)
    .executeTakeFirstOrThrow();
  return count;
}

type ArrivalRow = Selectable<Database['arrivals']>;

async function inspectNext(
  parts: ArrivalParts,
  priority: number,
): Promise<'handed' | 'none' | 'full'> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await transaction(parts.database, async (trx) => {
        const row = await findNext(trx, priority);
        const registry = row === undefined ? undefined : await readWatched(trx, row.registry);
        if (row === undefined || registry === undefined) return 'none';
        await request(trx, parts, { row, registry });
        return 'handed';
      });
    } catch (error) {
      if (error instanceof Problem && error.code === 'too_many_requests') return 'full';
      // The same inspection was requested at the same moment: it is found now.
      const isRace = databaseCode(error) === uniqueViolation;
      if (!isRace || attempt >= racesMax) throw error;
    }
  }
}

const uniqueViolation = '23505';
const racesMax = 5;

function findNext(trx: Transaction<Database>, priority: number): Promise<ArrivalRow | undefined> {
  return trx
    .selectFrom('arrivals')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('priority', '=', priority)
    .where(sql<boolean>`coalesce(retry_at, now()) <= now()`)
    .where(
      sql<boolean>`exists (select from registries r where r.id = arrivals.registry
        and r.failures < ${watchLimits.failuresToOpen})`,
    )
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

async function request(
  trx: Transaction<Database>,
  { queue }: ArrivalParts,
  { row, registry }: { readonly row: ArrivalRow; readonly registry: WatchedRegistry },
): Promise<void> {
  const inspections: string[] = [];
  const reference = referenceOf(registry.address, row);
  for (const platform of registry.settings.platforms) {
    const id = await requestWithin(
      trx,
      { reference, platform, force: false },
      {
        ...{ queue, project: row.project, actor: 'watcher', priority: row.priority },
      },
    );
    inspections.push(id);
  }
  await trx
    .updateTable('arrivals')
    .set({ state: 'inspecting', inspections, attempts: row.attempts + 1, retry_at: null })
    .where('id', '=', row.id)
    .execute();
}

/** Pinned to the digest, whatever the tag points to by then. */
export function referenceOf(
  address: string,
  about: Pick<ArrivalRow, 'repository' | 'tag' | 'digest'>,
): string {
  const { repository, tag, digest } = about;
  if (address === localAddress) return `docker:${digest}`;
  const named = tag === null ? repository : `${repository}:${tag}`;
  return `${address}/${named}@${digest}`;
}

/** Problems of inspections that may be others the next time. */
const transient: ReadonlySet<string> = new Set([
  ...['unauthorized', 'unreachable', 'rate_limited', 'lost', 'internal', 'time_limit'],
]);

/** Writes back the results of inspections. Returns the arrivals that are settled now. */
export async function settleArrivals(parts: ArrivalParts): Promise<string[]> {
  const { database } = parts;
  const rows = await database
    .selectFrom('arrivals')
    .selectAll()
    .where('state', '=', 'inspecting')
    .orderBy('id')
    .limit(watchLimits.settledAtOnce)
    .execute();
  const found = await summarizeInspections(
    database,
    rows.flatMap((row) => row.inspections),
  );
  const settled: string[] = [];
  for (const row of rows) {
    const summaries = row.inspections.map((id) => found.get(id));
    if (summaries.some((one) => one?.state === 'queued' || one?.state === 'running')) continue;
    await settle(parts, row, summaries);
    settled.push(row.id);
  }
  return settled;
}

async function settle(
  { database, random }: ArrivalParts,
  row: ArrivalRow,
  summaries: readonly (InspectionSummary | undefined)[],
): Promise<void> {
  const verdict = worstVerdict(summaries.flatMap((one) => one?.verdicts ?? [])) ?? null;
  const failure = summaries.map(describeFailure).find((one) => one !== undefined);
  const isRetried =
    failure !== undefined &&
    transient.has(failure.code) &&
    // The image does not cause it, and it ends by itself.
    (failure.code === 'rate_limited' || row.attempts < watchLimits.inspectionAttempts);
  const bounds = {
    initialMs: watchLimits.inspectionRetryMs,
    maxMs: watchLimits.inspectionRetryMaxMs,
  };
  const delayMs = Math.round(jitteredBackoffMs(row.attempts - 1, bounds, random));
  const ended = { state: failure === undefined ? 'inspected' : 'failed' };
  await transaction(database, async (trx) => {
    const settled = await trx
      .updateTable('arrivals')
      .set({
        ...{
          verdict,
          problem_code: failure?.code ?? null,
          problem_detail: failure?.detail ?? null,
        },
        ...(isRetried
          ? {
              ...{ state: 'waiting', priority: inspectionPriorities.backlog },
              retry_at: sql<Date>`now() + ${delayMs} * interval '1 millisecond'`,
            }
          : { ...ended, settled_at: sql<Date>`now()` }),
      })
      .where('id', '=', row.id)
      .where('state', '=', 'inspecting')
      .returning('state')
      .executeTakeFirst();
    if (settled === undefined || isRetried) return;
    await reportSettled(trx, row, { verdict, failure });
  });
}

async function reportSettled(
  trx: Transaction<Database>,
  { id, project, registry, repository, tag, digest, inspections }: ArrivalRow,
  result: { readonly verdict: VerdictState | null; readonly failure: ArrivalFailure | undefined },
): Promise<void> {
  const { verdict, failure } = result;
  const watched = await readWatched(trx, registry);
  const inspected = await listInspectedImages(trx, inspections);
  const data = {
    ...{ registry: watched?.name ?? registry, address: watched?.address ?? '', repository, tag },
    ...{ digest, verdict, images: inspections.flatMap((one) => inspected.get(one) ?? []) },
    ...(failure !== undefined && { problem: failure }),
  };
  const type = failure === undefined ? 'arrival.inspected' : 'arrival.failed';
  await appendEvents(trx, [{ type, subject: id, project, actor: 'watcher', data }]);
}

interface ArrivalFailure {
  readonly code: string;
  readonly detail: string;
}

function describeFailure(summary: InspectionSummary | undefined): ArrivalFailure | undefined {
  if (summary === undefined) return { code: 'lost', detail: 'the inspection does not exist' };
  if (summary.state === 'finished') return undefined;
  if (summary.problem !== undefined) return summary.problem;
  return { code: summary.state, detail: `the inspection was ${summary.state}` };
}
