/** Deliveries in SQL: the queue of each target, dead letters, and what was delivered. */
import {
  Problem,
  type Event,
  type EventType,
  type Notification,
  type NotificationDetail,
  type NotificationState,
  type Page,
} from '@lazaret/protocol';
import { sql, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import type { StoredEvent } from '../floor/events/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { newId } from '../floor/ids.ts';
import { packStorable } from '../floor/storable.ts';
import { notificationLimits } from './limits.ts';
import type { Connection } from './target-store.ts';

/** Queues events for a target, in their order. An event that is queued already is omitted. */
export async function queueDeliveries(
  trx: Transaction<Database>,
  target: string,
  events: readonly StoredEvent[],
): Promise<void> {
  const rows = events.map((stored) => {
    const { cursor, type, project, subject, actor, data, at } = stored;
    const event: Event = { cursor, type, at: at.toISOString(), project, subject, actor, data };
    const columns = { target, cursor, type, project, subject };
    return { id: newId(), ...columns, event: packStorable(event) };
  });
  await trx
    .insertInto('notification_deliveries')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['target', 'cursor']).doNothing())
    .execute();
}

/** A delivery that waits. */
export interface QueuedDelivery {
  readonly id: string;
  readonly event: Event;
}

/** The oldest deliveries that wait. */
export function readQueued(
  database: Connection,
  target: string,
  limit: number,
): Promise<QueuedDelivery[]> {
  return database
    .selectFrom('notification_deliveries')
    .select(['id', 'event'])
    .where('target', '=', target)
    .where('state', '=', 'queued')
    .orderBy('number')
    .limit(limit)
    .execute();
}

/** Dead letters as they are reported. */
export interface DeadDelivery {
  readonly target: string;
  readonly type: string;
}

/** The deliveries that waited too long, and the oldest of those that are too many. */
export async function expireQueued(database: Connection): Promise<DeadDelivery[]> {
  const { queuedPerTarget, queuedDays, sweepRows } = notificationLimits;
  const full = `more than ${queuedPerTarget} deliveries waited`;
  const old = `not delivered within ${queuedDays} days`;
  const { rows } = await sql<DeadDelivery>`
    with waiting as (
      select id, queued_at,
        row_number() over (partition by target order by number desc) as position
      from notification_deliveries where state = 'queued'
    ), excess as materialized (
      select id, position from waiting
      where position > ${queuedPerTarget}
        or queued_at < now() - ${queuedDays} * interval '1 day'
      limit ${sweepRows}
    )
    update notification_deliveries d set state = 'dead', finished_at = now(),
      reason = case when excess.position > ${queuedPerTarget} then ${full}
        else ${old} || coalesce(': ' || d.reason, '') end
    from excess where d.id = excess.id and d.state = 'queued'
    returning d.target, d.type`.execute(database);
  return rows;
}

/** Those that a receiver accepted. */
export async function markDelivered(
  trx: Transaction<Database>,
  ids: readonly string[],
  answer: { readonly status: number | null },
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('notification_deliveries')
    .set({
      ...{ state: 'delivered', status: answer.status, reason: null },
      ...{ attempts: sql<number>`attempts + 1`, attempted_at: sql<Date>`now()` },
      finished_at: sql<Date>`now()`,
    })
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Those of a failed attempt. Returns which of them are dead letters now. */
export async function markFailed(
  trx: Transaction<Database>,
  ids: readonly string[],
  failure: { readonly status: number | null; readonly detail: string; readonly isFinal: boolean },
): Promise<DeadDelivery[]> {
  const { status, detail, isFinal } = failure;
  const { attempts, queuedDays } = notificationLimits;
  const dies = sql<boolean>`(${isFinal} or attempts + 1 >= ${attempts}
    or queued_at < now() - ${queuedDays} * interval '1 day')`;
  const rows = await trx
    .updateTable('notification_deliveries')
    .set({
      ...{ status, reason: detail, attempted_at: sql<Date>`now()` },
      attempts: sql<number>`attempts + 1`,
      state: sql<string>`case when ${dies} then 'dead' else 'queued' end`,
      finished_at: sql<Date | null>`case when ${dies} then now() end`,
    })
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .where('state', '=', 'queued')
    .returning(['target', 'type', 'state'])
    .execute();
  return rows.filter(({ state }) => state === 'dead');
}

/** Queues a finished delivery again. Throws not_found, conflict. */
export async function requeueDelivery(
  trx: Transaction<Database>,
  id: string,
): Promise<{ readonly target: string }> {
  const row = await trx
    .selectFrom('notification_deliveries')
    .innerJoin('notification_targets', 'notification_targets.id', 'target')
    .select(['state', 'notification_targets.name as target'])
    .where('notification_deliveries.id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no delivery ${id}`);
  if (row.state === 'queued') throw new Problem('conflict', `the delivery ${id} waits already`);
  await trx.updateTable('notification_deliveries').set(queuedAgain).where('id', '=', id).execute();
  return { target: row.target };
}

const queuedAgain = {
  ...{ state: 'queued', attempts: 0, status: null, reason: null, finished_at: null },
  queued_at: sql<Date>`now()`,
};

/** Queues dead letters of a target again, the oldest first. Returns how many. */
export async function requeueDead(
  trx: Transaction<Database>,
  target: string,
  limit: number,
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('notification_deliveries')
    .set(queuedAgain)
    .where('id', 'in', (query) =>
      query
        .selectFrom('notification_deliveries')
        .select('id')
        .where('target', '=', target)
        .where('state', '=', 'dead')
        .orderBy('number')
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

function select(database: Connection) {
  return database
    .selectFrom('notification_deliveries')
    .innerJoin('notification_targets', 'notification_targets.id', 'target')
    .selectAll('notification_deliveries')
    .select('notification_targets.name as target_name');
}

type DeliveryRow = Selectable<Database['notification_deliveries']> & {
  readonly target_name: string;
};

/** Newest first. */
export async function listDeliveries(
  database: Connection,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly target?: string | undefined;
    readonly state?: readonly NotificationState[] | undefined;
    readonly type?: readonly EventType[] | undefined;
  },
): Promise<Page<Notification>> {
  checkCursor(ask.cursor);
  const { target, state, type, cursor, limit } = ask;
  let query = select(database);
  if (target !== undefined) query = query.where('notification_targets.name', '=', target);
  if (state !== undefined) query = query.where(sql<boolean>`state = any(${[...state]}::text[])`);
  if (type !== undefined) query = query.where(sql<boolean>`type = any(${[...type]}::text[])`);
  if (cursor !== undefined) {
    query = query.where(
      sql<boolean>`number < (select number from notification_deliveries where id = ${cursor})`,
    );
  }
  const rows = await query
    .orderBy('number', 'desc')
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(toDelivery);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Throws not_found. */
export async function readDelivery(database: Connection, id: string): Promise<NotificationDetail> {
  const row = await select(database)
    .where('notification_deliveries.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no delivery ${id}`);
  return { ...toDelivery(row), event: row.event };
}

function toDelivery(row: DeliveryRow): Notification {
  const { id, subject, project, reason, status, attempts } = row;
  return {
    ...{ id, target: row.target_name, type: row.type as EventType, subject, project },
    ...{ state: row.state as NotificationState, reason, status, attempts },
    happenedAt: row.event.at,
    queuedAt: row.queued_at.toISOString(),
    attemptedAt: row.attempted_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
