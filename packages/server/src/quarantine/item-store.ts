/** The table of quarantined images: written by requests, read by callers within their projects. */
import {
  Problem,
  type ActionKind,
  type ContentRole,
  type Page,
  type QuarantineContent,
  type QuarantineItem,
  type QuarantineItemDetail,
  type QuarantineMode,
  type QuarantinePlan,
  type QuarantineState,
  type RegistryActionState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import { newId } from '../floor/ids.ts';
import type { ProjectScope } from '../floor/principal.ts';
import type { WatchedRegistry } from '../registries/index.ts';
import { listActions } from './action-store.ts';
import { readContents, type ContentRow } from './evidence.ts';

export type ItemRow = Selectable<Database['quarantine_items']>;

export interface NewItem {
  readonly registry: Pick<WatchedRegistry, 'id' | 'project' | 'name' | 'address'>;
  readonly plan: Pick<QuarantinePlan, 'repository' | 'digest' | 'mediaType' | 'mode' | 'target'>;
  readonly confirmed: readonly string[];
  readonly reason: string;
  readonly actor: string;
  readonly retentionMs: number;
}

/**
 * Answers the id: a new one, or that of the item that is only blocked, whose evidence stays. Throws
 * conflict when the image is in quarantine already.
 */
export async function insertItem(trx: Transaction<Database>, item: NewItem): Promise<string> {
  const { registry, plan, confirmed, reason, actor, retentionMs } = item;
  const { repository, digest, mode, target } = plan;
  const active = await trx
    .selectFrom('quarantine_items')
    .select(['id', 'state'])
    .where('project', '=', registry.project)
    .where('address', '=', registry.address)
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .where('state', 'in', ['preparing', 'quarantined', 'blocked'])
    .forUpdate()
    .executeTakeFirst();
  const changes = { ...{ mode, target, reason }, state: 'preparing', confirmed: [...confirmed] };
  if (active?.state === 'blocked') {
    await trx.updateTable('quarantine_items').set(changes).where('id', '=', active.id).execute();
    return active.id;
  }
  if (active !== undefined) {
    throw new Problem('conflict', `${repository}@${digest} is in quarantine already: ${active.id}`);
  }
  const id = newId();
  await trx
    .insertInto('quarantine_items')
    .values({
      ...{ id, project: registry.project, registry: registry.id, registry_name: registry.name },
      ...{ address: registry.address, repository, digest, media_type: plan.mediaType },
      ...{ ...changes, created_by: actor },
      retained_until: sql<Date>`now() + ${retentionMs} * interval '1 millisecond'`,
    })
    .execute();
  return id;
}

export interface ItemFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly digest?: string | undefined;
  readonly state?: readonly QuarantineState[] | undefined;
}

const tags = sql<string[]>`array(select distinct unnest(c.tags) from quarantine_contents c
  where c.item = i.id and c.digest = i.digest order by 1)`;
const size = sql<number>`coalesce((select sum(c.size_bytes) from quarantine_contents c
  where c.item = i.id), 0)::bigint`;
const lastAction = sql<QuarantineItem['action']>`(select jsonb_build_object('id', a.id,
  'kind', a.kind, 'state', a.state, 'problem', case when a.problem_code is null then null
    else jsonb_build_object('code', a.problem_code, 'detail', a.problem_detail) end)
  from actions a where a.item = i.id order by a.id desc limit 1)`;

function select(database: Kysely<Database> | Transaction<Database>, scope: ProjectScope) {
  return database
    .selectFrom('quarantine_items as i')
    .selectAll()
    .select([tags.as('tags'), size.as('size_bytes'), lastAction.as('action')])
    .where(scope === 'all' ? sql<boolean>`true` : sql<boolean>`i.project = any(${scope}::text[])`);
}

type ShownRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;

/** The latest first. */
export async function listItems(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: ItemFilter,
): Promise<Page<QuarantineItem>> {
  checkCursor(ask.cursor);
  let query = select(database, scope);
  for (const [column, value] of [
    ['i.project', ask.project],
    ['i.registry_name', ask.registry],
    ['i.repository', ask.repository],
    ['i.digest', ask.digest],
  ] as const) {
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (ask.state !== undefined) {
    query = query.where(sql<boolean>`i.state = any(${[...ask.state]}::text[])`);
  }
  if (ask.cursor !== undefined) query = query.where('i.id', '<', ask.cursor);
  const rows = await query
    .orderBy('i.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toItem), next };
}

/** Throws not_found. */
export async function readItem(
  database: Kysely<Database> | Transaction<Database>,
  scope: ProjectScope,
  id: string,
): Promise<QuarantineItem> {
  const row = await select(database, scope).where('i.id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no quarantined image ${id}`);
  return toItem(row);
}

export async function readItemDetail(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<QuarantineItemDetail> {
  const item = await readItem(database, scope, id);
  const contents = await readContents(database, id);
  const { items: actions } = await listActions(database, 'all', { item: id, limit: 200 });
  return { ...item, contents: contents.map(toContent), actions };
}

/** The row itself. Throws not_found. */
export async function readItemRow(
  database: Kysely<Database> | Transaction<Database>,
  scope: ProjectScope,
  id: string,
): Promise<ItemRow> {
  const row = await database
    .selectFrom('quarantine_items as i')
    .selectAll()
    .where(scope === 'all' ? sql<boolean>`true` : sql<boolean>`i.project = any(${scope}::text[])`)
    .where('i.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no quarantined image ${id}`);
  return row;
}

function toItem(row: ShownRow): QuarantineItem {
  return {
    id: row.id,
    project: row.project,
    registry: row.registry_name,
    repository: row.repository,
    digest: row.digest,
    reference: `${row.address}/${row.repository}@${row.digest}`,
    mediaType: row.media_type,
    tags: row.tags,
    state: row.state as QuarantineState,
    mode: row.mode as QuarantineMode,
    target: row.target,
    reason: row.reason,
    sizeBytes: row.size_bytes,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    quarantinedAt: toText(row.quarantined_at),
    releasedAt: toText(row.released_at),
    releasedBy: row.released_by,
    releaseReason: row.release_reason,
    retainedUntil: row.retained_until.toISOString(),
    purgedAt: toText(row.purged_at),
    purgedBy: row.purged_by,
    purgeReason: row.purge_reason,
    action: toLastAction(row.action),
  };
}

function toLastAction(action: QuarantineItem['action']): QuarantineItem['action'] {
  if (action === null) return null;
  const { kind, state } = action as { kind: ActionKind; state: RegistryActionState };
  return { ...action, kind, state };
}

function toContent(row: ContentRow): QuarantineContent {
  return {
    digest: row.digest,
    kind: row.kind === 'blob' ? 'blob' : 'manifest',
    role: row.role as ContentRole,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    tags: row.tags,
    removes: row.removes,
    storedAt: row.deleted_at === null ? toText(row.verified_at) : null,
    removedAt: toText(row.removed_at),
  };
}

function toText(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
