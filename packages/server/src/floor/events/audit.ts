/** The audit log: a durable reader copies audited events into a hash chain, each exactly once. */
import {
  auditGenesis,
  eventKinds,
  hashAuditEntry,
  verifyChain,
  type AuditEntry,
  type ChainVerdict,
  type EventType,
  type Page,
} from '@lazaret/protocol';
import { sql, type Insertable, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../db/index.ts';
import { eventLimits } from './limits.ts';
import { loadPosition, type EventReader } from './readers.ts';
import type { StoredEvent } from './store.ts';

const auditedTypes = (Object.keys(eventKinds) as EventType[]).filter(
  (type) => eventKinds[type].audited,
);

/** The reader that writes the audit log. It never skips an event. */
export function auditReader(): EventReader {
  return {
    name: 'audit',
    types: auditedTypes,
    start: 'beginning',
    giveUpAfter: 'never',
    handle: appendEntries,
  };
}

async function appendEntries(
  events: readonly StoredEvent[],
  open: Transaction<Database>,
): Promise<void> {
  const ids = events.map((event) => Number(event.position.id));
  const copied = await open.selectFrom('audit').select('event').where('event', 'in', ids).execute();
  const known = new Set(copied.map((row) => row.event));
  const last = await open
    .selectFrom('audit')
    .select(['number', 'hash'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  let number = last?.number ?? 0;
  let previous = last?.hash ?? auditGenesis;
  const rows: Insertable<Database['audit']>[] = [];
  for (const { position, type, project, subject, actor, data, at } of events) {
    if (known.has(Number(position.id))) continue;
    number += 1;
    const fields = { number, type, at: at.toISOString(), project, subject, actor, previous };
    const hash = await hashAuditEntry({ ...fields, data });
    rows.push({ ...fields, event: Number(position.id), data: JSON.stringify(data), hash });
    previous = hash;
  }
  if (rows.length > 0) await open.insertInto('audit').values(rows).execute();
}

export interface AuditFilter {
  readonly type?: readonly EventType[] | undefined;
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
}

/** A page of the log, newest first. */
export async function listAudit(
  database: Kysely<Database>,
  filter: AuditFilter,
  page: { readonly limit: number; readonly before: number | undefined },
): Promise<Page<AuditEntry>> {
  let query = database.selectFrom('audit').selectAll();
  if (filter.type !== undefined)
    query = query.where(sql<boolean>`type = any(${filter.type}::text[])`);
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  if (page.before !== undefined) query = query.where('number', '<', page.before);
  const rows = await query
    .orderBy('number', 'desc')
    .limit(page.limit + 1)
    .execute();
  const items = rows.slice(0, page.limit).map(toEntry);
  const next = rows.length > page.limit ? String(items.at(-1)?.number) : null;
  return { items, next };
}

/** All entries, oldest first, read in pages. */
export async function* readAudit(database: Kysely<Database>): AsyncGenerator<AuditEntry> {
  for (let after = 0; ;) {
    const rows = await database
      .selectFrom('audit')
      .selectAll()
      .where('number', '>', after)
      .orderBy('number')
      .limit(eventLimits.auditPageRows)
      .execute();
    yield* rows.map(toEntry);
    const last = rows.at(-1);
    if (last === undefined || rows.length < eventLimits.auditPageRows) return;
    after = last.number;
  }
}

export async function countAudit(database: Kysely<Database>): Promise<number> {
  const row = await database
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('entries'))
    .executeTakeFirstOrThrow();
  return row.entries;
}

/** Verifies the chain, and that there is an entry for every event that the reader has read. */
export async function verifyAudit(database: Kysely<Database>): Promise<ChainVerdict> {
  const position = await loadPosition(database, 'audit');
  const verdict = await verifyChain(readAudit(database));
  if (!verdict.intact || position === undefined) return verdict;
  const { rows } = await sql<{ missing: number }>`
    select count(*) as missing from events
    where type = any(${auditedTypes}::text[])
      and (transaction, id)
        <= (${String(position.transaction)}::xid8, ${String(position.id)}::bigint)
      and not exists (select from audit where audit.event = events.id)`.execute(database);
  const missing = rows[0]?.missing ?? 0;
  if (missing === 0) return verdict;
  const detail = `${missing} audited events have no entry: the log was truncated at its end`;
  return { ...verdict, intact: false, brokenAt: verdict.entries + 1, detail };
}

function toEntry(row: Selectable<Database['audit']>): AuditEntry {
  const { number, type, project, subject, actor, data, previous, hash } = row;
  const at = row.at.toISOString();
  return { number, type: type as EventType, at, project, subject, actor, data, previous, hash };
}
