/**
 * Deliveries in SQL. The row is the queue: it is committed before the sender is answered, and its
 * state changes in the transaction that records its events, so a crash loses or repeats nothing.
 */
import {
  limits,
  Problem,
  type DeliveredEvent,
  type Delivery,
  type DeliveryDetail,
  type DeliveryState,
  type Page,
} from '@lazaret/protocol';
import { sql, type Selectable, type Transaction } from 'kysely';

import { prepared, type Database } from '../floor/db/index.ts';
import { hookDurationBuckets } from '../floor/limits.ts';
import { checkCursor } from '../floor/http/index.ts';
import { hookLimits } from './limits.ts';
import type { Connection } from './store.ts';

export type DeliveryRow = Selectable<Database['hook_deliveries']>;

export interface NewDelivery {
  readonly id: string;
  readonly hook: string;
  readonly test: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Buffer;
  readonly contentHash: Buffer;
}

export async function insertDelivery(database: Connection, delivery: NewDelivery): Promise<void> {
  const { id, hook, test, headers, content, contentHash } = delivery;
  await database
    .insertInto('hook_deliveries')
    .values({
      ...{ id, hook, test, content },
      headers: JSON.stringify(headers),
      content_bytes: content.length,
      content_hash: contentHash,
    })
    .modifyEnd(prepared('insert_hook_delivery'))
    .execute();
}

/** How many wait, counted no further than the limit. */
export async function countQueued(database: Connection, hook: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from hook_deliveries where hook = ${hook} and state = 'queued'
      limit ${hookLimits.queuedPerHook}
    ) as waiting`.execute(database);
  return rows[0]?.count ?? 0;
}

/**
 * Locks the hook whose oldest due delivery waits longest: one process at a time works on a hook, so
 * that its deliveries are processed in the order in which they came.
 */
export async function lockDueHook(trx: Transaction<Database>): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select hooks.id from hooks
    where exists (select from hook_deliveries d
      where d.hook = hooks.id and d.state = 'queued' and d.retry_at <= now())
    order by (select min(d.id) from hook_deliveries d
      where d.hook = hooks.id and d.state = 'queued' and d.retry_at <= now())
    limit 1 for no key update of hooks skip locked`.execute(trx);
  return rows[0]?.id;
}

/** The due deliveries of a hook, oldest first, as many as fit the batch and at least one. */
export async function readDue(database: Connection, hook: string): Promise<DeliveryRow[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select id, row_number() over (order by id) as position,
        sum(content_bytes) over (order by id) as bytes
      from (select id, content_bytes from hook_deliveries
        where hook = ${hook} and state = 'queued' and retry_at <= now()
        order by id limit ${hookLimits.batchDeliveries}) as due
    ) as sized where position = 1 or bytes <= ${hookLimits.batchBytes}`.execute(database);
  return database
    .selectFrom('hook_deliveries')
    .selectAll()
    .where('id', 'in', ['', ...rows.map(({ id }) => id)])
    .orderBy('id')
    .execute();
}

/** Whether the same content came shortly before, for senders without ids. */
export async function isRepeated(
  database: Connection,
  { id, hook, content_hash: hash, received_at: at }: DeliveryRow,
): Promise<boolean> {
  const row = await database
    .selectFrom('hook_deliveries')
    .select('id')
    .where('hook', '=', hook)
    .where('content_hash', '=', hash)
    .where('id', '<', id)
    .where('state', '=', 'processed')
    .where('received_at', '>', new Date(at.getTime() - hookLimits.repeatMs))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export interface DeliveryResult {
  readonly events: readonly DeliveredEvent[];
  readonly ignored: readonly { readonly reason: string; readonly count: number }[];
  /** Why it is a dead letter; undefined for one that was processed. */
  readonly dead: string | undefined;
}

/** Ends a delivery. Only dead letters keep their content. */
export async function finishDelivery(
  database: Connection,
  id: string,
  { events, ignored, dead }: DeliveryResult,
): Promise<void> {
  await database
    .updateTable('hook_deliveries')
    .set({
      state: dead === undefined ? 'processed' : 'dead',
      events: JSON.stringify(events),
      ignored: JSON.stringify(ignored),
      reason: dead ?? null,
      attempts: sql<number>`attempts + 1`,
      processed_at: sql<Date>`now()`,
      ...(dead === undefined ? { content: null } : {}),
    })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute();
}

/** Adds those of the deliveries that have ended to the totals of their hook. */
export async function addTotals(
  trx: Transaction<Database>,
  hook: string,
  deliveries: readonly Pick<DeliveryRow, 'id'>[],
): Promise<void> {
  const ids = deliveries.map(({ id }) => id);
  const bounds = [...hookDurationBuckets];
  await sql`
    with ended as materialized (
      select state, extract(epoch from processed_at - received_at) as seconds
      from hook_deliveries where id = any(${ids}::text[]) and state <> 'queued')
    update hooks set
      processed = processed + (select count(*) from ended where state = 'processed'),
      dead_lettered = dead_lettered + (select count(*) from ended where state = 'dead'),
      duration_seconds = duration_seconds + (select coalesce(sum(seconds), 0) from ended),
      duration_counts = (
        select array_agg(coalesce(duration_counts[at], 0)
          + (select count(*) from ended where seconds <= bound) order by at)
        from unnest(${bounds}::float8[]) with ordinality as bounds (bound, at))
    where id = ${hook}`.execute(trx);
}

/** Puts a delivery that failed back into the queue. */
export async function postponeDelivery(
  database: Connection,
  id: string,
  failure: { readonly reason: string; readonly delayMs: number },
): Promise<void> {
  await database
    .updateTable('hook_deliveries')
    .set({
      attempts: sql<number>`attempts + 1`,
      reason: failure.reason,
      retry_at: sql<Date>`now() + ${failure.delayMs} * interval '1 millisecond'`,
    })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute();
}

/** Queues a dead letter again. Throws `not_found` or `conflict`. */
export async function requeueDelivery(
  trx: Transaction<Database>,
  id: string,
): Promise<{ readonly hook: string; readonly project: string }> {
  const row = await selectDeliveries(trx)
    .where('hook_deliveries.id', '=', id)
    .forUpdate('hook_deliveries')
    .executeTakeFirst();
  if (row === undefined) throw noDelivery(id);
  if (row.state !== 'dead') {
    throw new Problem('conflict', `delivery ${id} is ${row.state}; only dead letters are replayed`);
  }
  if (row.content === null) {
    throw new Problem('conflict', `the content of delivery ${id} is no longer stored`);
  }
  await trx
    .updateTable('hook_deliveries')
    .set({ state: 'queued', attempts: 0, retry_at: sql<Date>`now()`, processed_at: null })
    .where('id', '=', id)
    .execute();
  return { hook: row.hook_name, project: row.project };
}

function selectDeliveries(database: Connection) {
  return database
    .selectFrom('hook_deliveries')
    .innerJoin('hooks', 'hooks.id', 'hook_deliveries.hook')
    .innerJoin('registries', 'registries.id', 'hooks.registry')
    .selectAll('hook_deliveries')
    .select(['hooks.name as hook_name', 'registries.project as project']);
}

/** Newest first. */
export async function listDeliveries(
  database: Connection,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly hook?: string | undefined;
    readonly state?: readonly DeliveryState[] | undefined;
    readonly test?: boolean | undefined;
  },
): Promise<Page<Delivery>> {
  checkCursor(ask.cursor);
  const rows = await database
    .selectFrom('hook_deliveries')
    .innerJoin('hooks', 'hooks.id', 'hook_deliveries.hook')
    .select([...listed, 'hooks.name as hook_name'])
    .select(sql<boolean>`content is not null`.as('stored'))
    .$if(ask.hook !== undefined, (query) => query.where('hooks.name', '=', ask.hook ?? ''))
    .$if(ask.state !== undefined, (query) =>
      query.where('hook_deliveries.state', 'in', ['', ...(ask.state ?? [])]),
    )
    .$if(ask.test !== undefined, (query) => query.where('test', '=', ask.test ?? false))
    .$if(ask.cursor !== undefined, (query) =>
      query.where('hook_deliveries.id', '<', ask.cursor ?? ''),
    )
    .orderBy('hook_deliveries.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const items = rows.slice(0, ask.limit).map(toDelivery);
  return { items, next: rows.length > ask.limit ? (items.at(-1)?.id ?? null) : null };
}

const listed = [
  ...(['hook_deliveries.id', 'hook_deliveries.state', 'test', 'headers', 'events'] as const),
  ...(['ignored', 'reason', 'attempts', 'content_bytes', 'received_at', 'processed_at'] as const),
] as const;

type ListedRow = Omit<DeliveryRow, 'hook' | 'content' | 'content_hash' | 'retry_at'> & {
  readonly hook_name: string;
  readonly stored: boolean;
};

function toDelivery(row: ListedRow): Delivery {
  return {
    id: row.id,
    hook: row.hook_name,
    state: row.state as DeliveryState,
    reason: row.reason,
    test: row.test,
    sizeBytes: row.content_bytes,
    userAgent: row.headers['user-agent'] ?? null,
    events: row.events,
    ignored: [...row.ignored],
    attempts: row.attempts,
    replayable: row.state === 'dead' && row.stored,
    receivedAt: row.received_at.toISOString(),
    processedAt: row.processed_at?.toISOString() ?? null,
  };
}

/** Throws `not_found`. */
export async function readDelivery(database: Connection, id: string): Promise<DeliveryDetail> {
  const row = await selectDeliveries(database)
    .where('hook_deliveries.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw noDelivery(id);
  const { content, headers } = row;
  return {
    ...toDelivery({ ...row, stored: content !== null }),
    headers: { ...headers },
    // What a sender wrote: text, whatever it is.
    content:
      content === null
        ? null
        : new TextDecoder().decode(content.subarray(0, limits.hookDeliveryTextChars)),
  };
}

function noDelivery(id: string): Problem {
  return new Problem('not_found', `there is no delivery ${id}`);
}
