/** The outbox in SQL: readable events and their order. */
import type { EventType } from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';

import type { Database } from '../db/index.ts';
import type { ProjectScope } from '../principal.ts';
import { formatCursor, type Position } from './position.ts';

export type Connection = Kysely<Database> | Transaction<Database>;

/** An event as stored in the outbox. */
export interface StoredEvent {
  readonly position: Position;
  /** Resumes a stream after this event. */
  readonly cursor: string;
  readonly type: EventType;
  readonly project: string | null;
  readonly subject: string;
  readonly actor: string;
  readonly data: Record<string, unknown>;
  readonly at: Date;
}

/** Filter of events; omitted fields do not restrict. */
export interface EventFilter {
  readonly types?: readonly EventType[];
  readonly subject?: string;
  readonly projects?: ProjectScope;
  /** Events of no project: users, engines, nodes, the instance. Included unless this is false. */
  readonly instance?: boolean;
}

export interface EventPage {
  readonly events: readonly StoredEvent[];
  /** Everything up to here was read, including events that the filter excluded. */
  readonly position: Position;
  /** Whether more can be read immediately. */
  readonly more: boolean;
  /** Whether committed events are delayed by a transaction that started before theirs. */
  readonly held: boolean;
}

interface EventRow {
  readonly horizon: string;
  readonly held: boolean;
  readonly transaction: string | null;
  readonly id: string;
  readonly type: EventType;
  readonly project: string | null;
  readonly subject: string;
  readonly actor: string;
  readonly data: Record<string, unknown>;
  readonly at: Date;
}

/**
 * Reads events after a position, oldest first. Only events of transactions older than every open
 * one are read: nothing can become visible before them any more, so no event is skipped.
 */
export async function readEvents(
  database: Connection,
  query: { readonly after: Position; readonly filter: EventFilter; readonly limit: number },
): Promise<EventPage> {
  const { after, filter, limit } = query;
  const { rows } = await sql<EventRow>`
    select horizon.xmin::text as horizon, horizon.held, found.transaction::text, found.id::text,
           found.type, found.project, found.subject, found.actor, found.data, found.at
    from (
      select pg_snapshot_xmin(pg_current_snapshot()) as xmin,
             exists (select from events
                     where transaction >= pg_snapshot_xmin(pg_current_snapshot())) as held
    ) as horizon
    left join lateral (
      select * from events
      where (transaction, id) > (${String(after.transaction)}::xid8, ${String(after.id)}::bigint)
        and transaction < horizon.xmin
        and ${matchSql(filter)}
      order by transaction, id
      limit ${limit}
    ) as found on true
    order by found.transaction, found.id`.execute(database);
  const [first] = rows;
  if (first === undefined) throw new Error('the outbox answered no horizon');
  const events = rows.filter((row) => row.transaction !== null).map(toEvent);
  const last = events.at(-1);
  const more = events.length === limit;
  const horizon = { transaction: BigInt(first.horizon), id: 0n };
  const position = more && last !== undefined ? last.position : later(horizon, after);
  return { events, position, more, held: first.held };
}

/** A cursor may be ahead of the horizon; a reader never goes back. */
function later(horizon: Position, after: Position): Position {
  return horizon.transaction > after.transaction ? horizon : after;
}

function toEvent(row: EventRow): StoredEvent {
  const position = { transaction: BigInt(row.transaction ?? 0), id: BigInt(row.id) };
  const { type, project, subject, actor, data, at } = row;
  return { position, cursor: formatCursor(position), type, project, subject, actor, data, at };
}

/** Equivalent of `matches` for the database. */
function matchSql(filter: EventFilter): RawBuilder<boolean> {
  const conditions = [sql<boolean>`true`];
  if (filter.types !== undefined) {
    conditions.push(sql`type = any(${[...filter.types]}::text[])`);
  }
  if (filter.subject !== undefined) conditions.push(sql`subject = ${filter.subject}`);
  if (filter.instance === false) conditions.push(sql`project is not null`);
  if (filter.projects !== undefined && filter.projects !== 'all') {
    conditions.push(sql`(project is null or project = any(${[...filter.projects]}::text[]))`);
  }
  return sql.join(conditions, sql` and `);
}

/** Whether a filter includes an event. */
export function matches(filter: EventFilter, event: StoredEvent): boolean {
  const { types, subject, projects, instance } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  if (subject !== undefined && subject !== event.subject) return false;
  if (event.project === null) return instance !== false;
  return projects === undefined || projects === 'all' || projects.includes(event.project);
}

/** The start position of a reader of future events. */
export async function readHorizon(database: Connection): Promise<Position> {
  const { rows } = await sql<{ horizon: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`.execute(database);
  return { transaction: BigInt(rows[0]?.horizon ?? 0), id: 0n };
}

/** The next transaction id of this database. */
export async function readNextTransaction(database: Connection): Promise<bigint> {
  const { rows } = await sql<{ next: string }>`
    select pg_snapshot_xmax(pg_current_snapshot())::text as next`.execute(database);
  return BigInt(rows[0]?.next ?? 0);
}
