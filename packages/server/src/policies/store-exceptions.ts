/** Stored exceptions: adding, importing from VEX documents, ending, listing. */
import {
  exceptionTarget,
  isAboutSomething,
  missingTarget,
  Problem,
  type ExceptionTarget,
  type Page,
  type StoredException,
} from '@lazaret/protocol';
import { readVex, VexError } from '@lazaret/policy';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { newId } from '../floor/ids.ts';
import { inScope, type ProjectScope } from '../floor/principal.ts';
import { packStorable } from '../floor/storable.ts';
import { requireProject } from '../access/index.ts';
import { judgingLimits } from './limits.ts';
import { raiseRevision } from './revision.ts';

export interface NewException {
  readonly project: string;
  readonly match: ExceptionTarget;
  readonly reason: string;
  readonly owner: string;
  readonly expires: string;
  readonly actor: string;
}

/** The source of exceptions that were added one by one. */
const manual = 'manual';

/** Milliseconds since 1970. */
interface Now {
  readonly nowMs: number;
}

/** Returns the id. */
export async function addException(
  database: Kysely<Database>,
  exception: NewException,
  { nowMs }: Now,
): Promise<string> {
  const { project, match, reason, owner, expires, actor } = exception;
  if (!isAboutSomething(match)) {
    throw new Problem('invalid_request', missingTarget, {
      fields: [{ path: 'body', message: missingTarget }],
    });
  }
  refuseExpired(expires, nowMs);
  const id = newId();
  await transaction(database, async (trx) => {
    await requireProject(trx, project);
    await insert(trx, [{ id, project, match, reason, owner, expires, source: manual, actor }]);
    await refuseTooMany(trx, project);
    const data = { match, reason, owner, expires };
    await appendEvents(trx, [{ type: 'exception.added', subject: id, actor, project, data }]);
    const cause = `exception ${id} added`;
    await raiseRevision(trx, { project, trigger: 'exception', cause, causedBy: actor });
  });
  return id;
}

function refuseExpired(expires: string, nowMs: number): void {
  if (Date.parse(expires) > nowMs) return;
  const message = `expected a date or time in the future, received ${expires}`;
  throw new Problem('invalid_request', message, { fields: [{ path: 'body.expires', message }] });
}

interface Row extends NewException {
  readonly id: string;
  readonly source: string;
}

async function insert(trx: Transaction<Database>, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += rowsPerInsert) {
    const part = rows.slice(at, at + rowsPerInsert);
    await sql`
      insert into policy_exceptions
        (id, project, match, reason, owner, expires_at, source, created_by)
      select id, project, match, reason, owner, expires, source, actor
      from json_to_recordset(${packStorable(part)}) as e (id text, project text, match jsonb,
        reason text, owner text, expires timestamptz, source text, actor text)`.execute(trx);
  }
}

const rowsPerInsert = 5_000;

async function refuseTooMany(trx: Transaction<Database>, project: string): Promise<void> {
  const { count } = await trx
    .selectFrom('policy_exceptions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .where('removed_at', 'is', null)
    .where(sql<boolean>`expires_at > now()`)
    .executeTakeFirstOrThrow();
  if (count <= judgingLimits.exceptions) return;
  const limit = judgingLimits.exceptions.toLocaleString('en');
  throw new Problem('conflict', `the project would have ${count} exceptions (limit ${limit})`);
}

export interface VexRequest {
  readonly project: string;
  readonly name: string;
  readonly document: string;
  readonly owner: string;
  readonly expires: string;
  readonly actor: string;
}

/** Replaces the exceptions of an earlier import of the same name. */
export async function importVex(
  database: Kysely<Database>,
  request: VexRequest,
  { nowMs }: Now,
): Promise<{ name: string; added: number; replaced: number; notes: string[] }> {
  const { project, name, owner, expires, actor } = request;
  refuseExpired(expires, nowMs);
  if (name === manual) {
    const message = `"${manual}" is the source of exceptions that are added one by one`;
    throw new Problem('invalid_request', message, { fields: [{ path: 'body.name', message }] });
  }
  const { exceptions, notes } = readDocument(request);
  const rows = exceptions.flatMap(({ match, reason }) => {
    const target = exceptionTarget.safeParse(match);
    if (!target.success) return [];
    return [
      { id: newId(), project, match: target.data, reason, owner, expires, source: name, actor },
    ];
  });
  const unreadable = exceptions.length - rows.length;
  const replaced = await transaction(database, async (trx) => {
    await requireProject(trx, project);
    const before = await endSource(trx, request);
    await insert(trx, rows);
    await refuseTooMany(trx, project);
    const data = { name, added: rows.length, replaced: before };
    await appendEvents(trx, [
      { type: 'exception.imported', subject: project, actor, project, data },
    ]);
    const cause = `VEX document ${name} imported`;
    await raiseRevision(trx, { project, trigger: 'exception', cause, causedBy: actor });
    return before;
  });
  const cut = unreadable === 0 ? [] : [`${unreadable} statements have names that are too long`];
  return { name, added: rows.length, replaced, notes: [...notes, ...cut] };
}

function readDocument({ document, name, owner, expires }: VexRequest) {
  try {
    return readVex(document, { source: name, owner, expires });
  } catch (error) {
    if (!(error instanceof VexError)) throw error;
    const { message } = error;
    throw new Problem('invalid_request', `the VEX document cannot be read: ${message}`, {
      fields: [{ path: 'body.document', message }],
    });
  }
}

async function endSource(
  trx: Transaction<Database>,
  { project, name, actor }: VexRequest,
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('policy_exceptions')
    .set({ removed_at: sql<Date>`now()`, removed_by: actor })
    .where('project', '=', project)
    .where('source', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Throws not_found, also for an exception that has been removed. */
export async function removeException(
  database: Kysely<Database>,
  about: { readonly id: string; readonly scope: ProjectScope; readonly actor: string },
): Promise<void> {
  const { id, scope, actor } = about;
  await transaction(database, async (trx) => {
    const row = await trx
      .selectFrom('policy_exceptions')
      .select(['project', 'removed_at'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined || row.removed_at !== null || !inScope(scope, row.project)) {
      throw new Problem('not_found', `there is no exception ${id}`);
    }
    const { project } = row;
    await trx
      .updateTable('policy_exceptions')
      .set({ removed_at: sql<Date>`now()`, removed_by: actor })
      .where('id', '=', id)
      .execute();
    await appendEvents(trx, [{ type: 'exception.removed', subject: id, actor, project }]);
    const cause = `exception ${id} removed`;
    await raiseRevision(trx, { project, trigger: 'exception', cause, causedBy: actor });
  });
}

type State = StoredException['state'];

const state = sql<State>`case when removed_at is not null then 'removed'
  when expires_at <= now() then 'expired' else 'in-force' end`;

/** The latest first. */
export async function listExceptions(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly project?: string | undefined;
    readonly state?: readonly State[] | undefined;
    readonly source?: string | undefined;
    readonly vulnerability?: string | undefined;
    readonly expiresBefore?: string | undefined;
    readonly id?: string | undefined;
  },
): Promise<Page<StoredException>> {
  checkCursor(ask.cursor);
  const wanted = ask.state ?? ['in-force'];
  let query = database
    .selectFrom('policy_exceptions')
    .selectAll()
    .select(state.as('state'))
    .where(sql<boolean>`${state} = any(${[...wanted]}::text[])`);
  if (scope !== 'all') query = query.where(sql<boolean>`project = any(${[...scope]}::text[])`);
  if (ask.project !== undefined) query = query.where('project', '=', ask.project);
  if (ask.source !== undefined) query = query.where('source', '=', ask.source);
  if (ask.id !== undefined) query = query.where('id', '=', ask.id);
  if (ask.vulnerability !== undefined) {
    query = query.where(sql<boolean>`match ->> 'vulnerability' = ${ask.vulnerability}`);
  }
  if (ask.expiresBefore !== undefined) {
    query = query.where(sql<boolean>`expires_at < ${ask.expiresBefore}::timestamptz`);
  }
  if (ask.cursor !== undefined) query = query.where('id', '<', ask.cursor);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toException), next };
}

function toException(
  row: Selectable<Database['policy_exceptions']> & { readonly state: State },
): StoredException {
  return {
    ...{ id: row.id, project: row.project, state: row.state, match: row.match },
    ...{ reason: row.reason, owner: row.owner, expires: row.expires_at.toISOString() },
    ...{ source: row.source, createdBy: row.created_by, createdAt: row.created_at.toISOString() },
    ...{ removedBy: row.removed_by, removedAt: row.removed_at?.toISOString() ?? null },
  };
}
