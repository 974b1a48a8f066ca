/** The table of actions: written by requests, read by callers within their projects. */
import {
  Problem,
  type ActionKind,
  type ActionOutcome,
  type ActionParameters,
  type Page,
  type RegistryAction,
  type RegistryActionState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { newId } from '../floor/ids.ts';
import type { ProjectScope } from '../floor/principal.ts';
import type { WatchedRegistry } from '../registries/index.ts';
import type { ActionRow } from './action-lease.ts';

export interface NewAction {
  readonly kind: ActionKind;
  readonly state: 'proposed' | 'approved';
  readonly registry: Pick<WatchedRegistry, 'id' | 'project' | 'name' | 'address'>;
  readonly repository: string;
  readonly digest: string;
  readonly item: string | null;
  readonly reason: string;
  readonly actor: string;
  readonly parameters: ActionParameters;
  /** Of a policy; a person asked for it unless given. */
  readonly decision?: string | undefined;
  /** Why a person has to approve it. */
  readonly approvalReason?: string | undefined;
}

/** Records an action with its event, before anything happens; answers the id. */
export async function insertAction(trx: Transaction<Database>, action: NewAction): Promise<string> {
  const id = newId();
  const { registry, kind, state, repository, digest, item, reason, actor, parameters } = action;
  const { decision, approvalReason } = action;
  await trx
    .insertInto('actions')
    .values({
      ...{ id, project: registry.project, kind, state, item, repository, digest, reason },
      ...{ registry: registry.id, registry_name: registry.name, address: registry.address },
      ...{ origin: decision === undefined ? 'person' : 'policy', decision: decision ?? null },
      ...{ requested_by: actor, parameters: JSON.stringify(parameters) },
      approval_reason: approvalReason ?? null,
    })
    .execute();
  const data = { kind, registry: registry.name, repository, digest, reason, decision };
  const type = state === 'proposed' ? 'action.proposed' : 'action.approved';
  await appendEvents(trx, [{ type, subject: id, actor, project: registry.project, data }]);
  return id;
}

export interface ActionFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly digest?: string | undefined;
  readonly kind?: readonly ActionKind[] | undefined;
  readonly state?: readonly RegistryActionState[] | undefined;
}

function select(database: Kysely<Database> | Transaction<Database>, scope: ProjectScope) {
  return database
    .selectFrom('actions')
    .selectAll()
    .where(scope === 'all' ? sql<boolean>`true` : sql<boolean>`project = any(${scope}::text[])`);
}

/** The latest first. */
export async function listActions(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: ActionFilter & { readonly item?: string },
): Promise<Page<RegistryAction>> {
  checkCursor(ask.cursor);
  let query = select(database, scope);
  for (const [column, value] of [
    ['project', ask.project],
    ['registry_name', ask.registry],
    ['digest', ask.digest],
    ['item', ask.item],
  ] as const) {
    if (value !== undefined) query = query.where(column, '=', value);
  }
  for (const [column, values] of [
    ['kind', ask.kind],
    ['state', ask.state],
  ] as const) {
    if (values === undefined) continue;
    query = query.where(sql<boolean>`${sql.ref(column)} = any(${[...values]}::text[])`);
  }
  if (ask.cursor !== undefined) query = query.where('id', '<', ask.cursor);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toAction), next };
}

/** Throws not_found. */
export async function readAction(
  database: Kysely<Database> | Transaction<Database>,
  scope: ProjectScope,
  id: string,
): Promise<RegistryAction> {
  const row = await select(database, scope).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no action ${id}`);
  return toAction(row);
}

/** A proposed action, locked. Throws not_found, and conflict for one that was decided. */
export async function lockProposed(
  trx: Transaction<Database>,
  scope: ProjectScope,
  id: string,
): Promise<ActionRow> {
  const row = await select(trx, scope).where('id', '=', id).forUpdate().executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no action ${id}`);
  if (row.state === 'proposed') return row;
  const who = row.decided_by === null ? '' : ` by ${row.decided_by}`;
  throw new Problem('conflict', `the action ${id} is not proposed: it is ${row.state}${who}`);
}

export interface Verdict {
  readonly state: 'approved' | 'rejected';
  readonly actor: string;
  readonly reason: string;
}

export async function decideAction(
  trx: Transaction<Database>,
  row: ActionRow,
  { state, actor, reason, item }: Verdict & { readonly item: string | null },
): Promise<void> {
  await trx
    .updateTable('actions')
    .set({
      ...{ state, item, decided_by: actor, decided_at: sql<Date>`now()`, decision_reason: reason },
      ...(state === 'rejected'
        ? { finished_at: sql<Date>`now()` }
        : { retry_at: sql<Date>`now()` }),
    })
    .where('id', '=', row.id)
    .execute();
  const { id, project, kind, repository, digest, registry_name: registry } = row;
  const data = { kind, registry, repository, digest, reason };
  await appendEvents(trx, [{ type: decisionEvents[state], subject: id, actor, project, data }]);
}

const decisionEvents = { approved: 'action.approved', rejected: 'action.rejected' } as const;

/** Whether nothing more happens to it without a person. */
export function isActionSettled({ state }: Pick<RegistryAction, 'state'>): boolean {
  return state !== 'approved' && state !== 'running';
}

export function toAction(row: ActionRow): RegistryAction {
  const { problem_code: code, problem_detail: detail } = row;
  return {
    id: row.id,
    kind: row.kind as ActionKind,
    state: row.state as RegistryActionState,
    project: row.project,
    registry: row.registry_name,
    repository: row.repository,
    digest: row.digest,
    reference: `${row.address}/${row.repository}@${row.digest}`,
    item: row.item,
    origin: row.origin === 'policy' ? 'policy' : 'person',
    decision: row.decision,
    reason: row.reason,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    approvalReason: row.approval_reason,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at?.toISOString() ?? null,
    decisionReason: row.decision_reason,
    steps: row.steps,
    attempts: row.attempts,
    retryAt: row.state === 'approved' && code !== null ? row.retry_at.toISOString() : null,
    outcome: row.outcome as ActionOutcome | null,
    problem: code === null ? null : { code, detail: detail ?? '' },
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
