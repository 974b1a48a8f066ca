/** Targets of notifications in SQL. */
import {
  Problem,
  targetSettings,
  type NotificationTarget,
  type Page,
  type TargetKind,
  type TargetSettings,
  type TargetState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';

export type Connection = Kysely<Database> | Transaction<Database>;

/** What is needed to send to a target. */
export interface Target {
  readonly id: string;
  readonly name: string;
  readonly kind: TargetKind;
  readonly source: 'api' | 'file';
  readonly settings: TargetSettings;
}

export const targetColumns = ['id', 'name', 'kind', 'source', 'settings'] as const;

type TargetRow = Pick<Selectable<Database['notification_targets']>, (typeof targetColumns)[number]>;

/** Settings that an earlier version stored get the defaults of new ones. */
export function toTarget({ id, name, kind, source, settings }: TargetRow): Target {
  return {
    ...{ id, name, kind: kind as TargetKind },
    source: source === 'file' ? 'file' : 'api',
    settings: targetSettings.parse(settings),
  };
}

/** Throws not_found. */
export async function findTarget(database: Connection, name: string): Promise<Target> {
  const row = await database
    .selectFrom('notification_targets')
    .select([...targetColumns])
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no notification target ${name}`);
  return toTarget(row);
}

/** Those that events are queued for. */
export async function listEnabled(database: Connection): Promise<Target[]> {
  const rows = await database
    .selectFrom('notification_targets')
    .select([...targetColumns])
    .where('enabled', '=', true)
    .orderBy('name')
    .execute();
  return rows.map(toTarget);
}

/** Sends at once, also to a paused target; a process that sends ends after its attempt. */
export async function resumeTarget(trx: Transaction<Database>, id: string): Promise<void> {
  await trx
    .updateTable('notification_targets')
    .set({ ...healthy, fence: null, lease_until: null })
    .where('id', '=', id)
    .execute();
}

/** Columns of a target without a problem. */
export const healthy = {
  ...{ failures: 0, problem: null, failing_since: null, paused_at: null },
  retry_at: sql<Date>`now()`,
};

interface Counts {
  readonly queued: number;
  readonly dead: number;
  readonly oldest: string | null;
}

const state = sql<TargetState>`case
  when not enabled then 'disabled' when paused_at is not null then 'paused'
  when failures > 0 then 'failing' else 'healthy' end`;
const counts = sql<Counts>`(
  select jsonb_build_object(
    'queued', count(*) filter (where d.state = 'queued'),
    'dead', count(*) filter (where d.state = 'dead'),
    'oldest', min(d.queued_at) filter (where d.state = 'queued'))
  from notification_deliveries d
  where d.target = notification_targets.id and d.state in ('queued', 'dead'))`;

function select(database: Connection) {
  return database
    .selectFrom('notification_targets')
    .selectAll()
    .select([state.as('state'), counts.as('counts')]);
}

type FullRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;

/** By name. */
export async function listTargets(
  database: Connection,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly state?: readonly TargetState[] | undefined;
  },
): Promise<Page<NotificationTarget>> {
  let query = select(database);
  if (ask.state !== undefined) {
    query = query.where(sql<boolean>`${state} = any(${[...ask.state]}::text[])`);
  }
  if (ask.cursor !== undefined) query = query.where('name', '>', ask.cursor);
  const rows = await query
    .orderBy('name')
    .limit(ask.limit + 1)
    .execute();
  const items = rows.slice(0, ask.limit).map(describeTarget);
  const next = rows.length > ask.limit ? (items.at(-1)?.name ?? null) : null;
  return { items, next };
}

/** Throws not_found. */
export async function readTarget(database: Connection, name: string): Promise<NotificationTarget> {
  const row = await select(database).where('name', '=', name).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no notification target ${name}`);
  return describeTarget(row);
}

function describeTarget(row: FullRow): NotificationTarget {
  const { name, kind, source, settings } = toTarget(row);
  const { queued, dead, oldest } = row.counts;
  return {
    ...{ name, kind, source, settings, state: row.state },
    problem: describeProblem(row),
    counts: { queued, dead, delivered: row.delivered, failed: row.failed },
    oldestQueuedAt: oldest === null ? null : new Date(oldest).toISOString(),
    lastDeliveredAt: row.last_delivered_at?.toISOString() ?? null,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

function describeProblem(row: FullRow): NotificationTarget['problem'] {
  const { problem: detail, failures, failing_since: since } = row;
  if (detail === null) return null;
  return {
    ...{ detail, failures, since: (since ?? row.changed_at).toISOString() },
    retryAt: row.paused_at === null ? row.retry_at.toISOString() : null,
  };
}
