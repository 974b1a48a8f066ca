/** Hooks in SQL. Reads of a hook include its registry, whose address a notification never names. */
import {
  Problem,
  type Hook,
  type HookAuthentication,
  type HookKind,
  type Page,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { prepared, type Database } from '../floor/db/index.ts';
import type { HookSource } from './secrets.ts';

export type Connection = Kysely<Database> | Transaction<Database>;

/** A hook with what is needed of its registry. */
export type HookRow = Selectable<Database['hooks']> & {
  readonly registry_name: string;
  readonly registry_address: string;
  readonly project: string;
};

/** Listed, since prepared statements need that; the type of a row says if one is missing. */
const hookColumns = [
  ...(['hooks.id', 'hooks.name', 'hooks.registry', 'hooks.kind', 'hooks.path'] as const),
  ...(['hooks.authentication', 'hooks.header', 'hooks.secret_reference'] as const),
  ...(['hooks.secret_hash', 'hooks.secret_key', 'hooks.audience'] as const),
  ...(['hooks.service_account', 'hooks.keys_reference', 'hooks.ignore_actors'] as const),
  ...(['hooks.check_image', 'hooks.source', 'hooks.refused', 'hooks.refused_at'] as const),
  ...(['hooks.refused_reason', 'hooks.refused_address', 'hooks.processed'] as const),
  ...(['hooks.dead_lettered', 'hooks.duration_counts', 'hooks.duration_seconds'] as const),
  ...(['hooks.created_by', 'hooks.created_at'] as const),
] as const;

function selectHooks(database: Connection) {
  return database
    .selectFrom('hooks')
    .innerJoin('registries', 'registries.id', 'hooks.registry')
    .select(hookColumns)
    .select([
      'registries.name as registry_name',
      'registries.address as registry_address',
      'registries.project as project',
    ]);
}

/** The hook with this path, or the one that also receives at `/check_image`. */
export async function findReceiver(
  database: Connection,
  target: { readonly path: string } | 'check_image',
): Promise<HookRow | undefined> {
  const query = selectHooks(database);
  return target === 'check_image'
    ? query.where('hooks.check_image', 'is', true).executeTakeFirst()
    : query
        .where('hooks.path', '=', target.path)
        .modifyEnd(prepared('find_hook_of_path'))
        .executeTakeFirst();
}

/** Those of the configuration file. */
export async function listConfigured(database: Connection): Promise<HookRow[]> {
  return selectHooks(database).where('hooks.source', '=', 'file').execute();
}

export async function readHookById(database: Connection, id: string): Promise<HookRow | undefined> {
  return selectHooks(database).where('hooks.id', '=', id).executeTakeFirst();
}

/** Throws `not_found`. */
export async function findHook(database: Connection, name: string): Promise<HookRow> {
  const row = await selectHooks(database).where('hooks.name', '=', name).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no hook ${name}`);
  return row;
}

export async function insertHook(
  trx: Transaction<Database>,
  row: Omit<HookRow, 'registry_name' | 'registry_address' | 'project' | keyof typeof defaults>,
): Promise<void> {
  await trx.insertInto('hooks').values(row).execute();
}

/** What defines a hook, besides its registry. */
export type HookColumns = Omit<Parameters<typeof insertHook>[1], 'id' | 'registry' | 'created_by'>;

/** Columns that a new hook does not have yet. */
const defaults = {
  refused: 0,
  refused_at: null,
  refused_reason: null,
  refused_address: null,
  created_at: null,
  processed: 0,
  dead_lettered: 0,
  duration_counts: [],
  duration_seconds: 0,
} as const;

interface HookCounts {
  readonly queued: number;
  readonly processed: number;
  readonly dead: number;
  readonly last: Date | null;
}

/** By name. */
export async function listHooks(
  database: Connection,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly registry?: string | undefined;
    readonly baseUrl: string;
  },
): Promise<Page<Hook>> {
  let query = selectHooks(database).select(countDeliveries);
  if (ask.registry !== undefined) query = query.where('registries.name', '=', ask.registry);
  if (ask.cursor !== undefined) query = query.where('hooks.name', '>', ask.cursor);
  const rows = await query
    .orderBy('hooks.name')
    .limit(ask.limit + 1)
    .execute();
  const items = rows.slice(0, ask.limit);
  return {
    items: items.map((row) => toHook(row, row.deliveries, ask.baseUrl)),
    next: rows.length > ask.limit ? (items.at(-1)?.name ?? null) : null,
  };
}

/** Throws `not_found`. */
export async function readHook(database: Connection, name: string, baseUrl: string): Promise<Hook> {
  const row = await selectHooks(database)
    .select(countDeliveries)
    .where('hooks.name', '=', name)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no hook ${name}`);
  return toHook(row, row.deliveries, baseUrl);
}

const countDeliveries = sql<HookCounts>`(
  select jsonb_build_object(
    'queued', count(*) filter (where d.state = 'queued'),
    'processed', count(*) filter (where d.state = 'processed'),
    'dead', count(*) filter (where d.state = 'dead'),
    'last', max(d.received_at))
  from hook_deliveries d where d.hook = hooks.id)`.as('deliveries');

function toHook(row: HookRow, counts: HookCounts, baseUrl: string): Hook {
  const { refused_at: refusedAt } = row;
  return {
    name: row.name,
    registry: row.registry_name,
    project: row.project,
    kind: row.kind as HookKind,
    url: hookUrl(baseUrl, row.path),
    authentication: row.authentication as HookAuthentication,
    header: row.header,
    secret: describeSecret(row),
    audience: row.audience,
    serviceAccount: row.service_account,
    keys: row.keys_reference,
    ignoreActors: row.ignore_actors,
    checkImage: row.check_image,
    source: sourceOf(row),
    counts: {
      queued: counts.queued,
      processed: counts.processed,
      dead: counts.dead,
      refused: row.refused,
    },
    lastDeliveryAt: counts.last === null ? null : new Date(counts.last).toISOString(),
    lastRefusal:
      refusedAt === null
        ? null
        : {
            at: refusedAt.toISOString(),
            reason: row.refused_reason ?? '',
            address: row.refused_address ?? '',
          },
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
  };
}

/** Who defined the hook. */
export function sourceOf({ source }: Pick<HookRow, 'source'>): HookSource {
  return source === 'file' ? 'file' : 'api';
}

function describeSecret(row: HookRow): string {
  if (row.authentication === 'oidc') return 'none';
  return row.secret_reference ?? 'generated';
}

/** The address of a hook below that of the server. */
export function hookUrl(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/hooks/${path}`;
}

/** Adds to the number of refused requests and replaces the last one. */
export async function addRefusals(
  trx: Transaction<Database>,
  hook: string,
  refused: { readonly count: number; readonly reason: string; readonly address: string },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('hooks')
    .set({
      refused: sql<number>`refused + ${refused.count}`,
      refused_at: sql<Date>`now()`,
      refused_reason: refused.reason,
      refused_address: refused.address,
    })
    .where('id', '=', hook)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function changeHook(
  trx: Transaction<Database>,
  id: string,
  change: Partial<HookColumns>,
): Promise<void> {
  await trx.updateTable('hooks').set(change).where('id', '=', id).execute();
}

export async function deleteHook(trx: Transaction<Database>, id: string): Promise<void> {
  await trx.deleteFrom('hooks').where('id', '=', id).execute();
}

/** The number of hooks, for their limit. */
export async function countHooks(database: Connection): Promise<number> {
  const { count } = await database
    .selectFrom('hooks')
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  return count;
}
