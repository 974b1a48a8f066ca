/** The tables of the gate: the processes that serve it, and old blobs. */
import type { Gate, Page } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database, GateSettingsRow, GateStateRow } from '../floor/db/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { gateLimits } from './limits.ts';

export interface GateReport {
  readonly id: string;
  readonly address: string;
  readonly host: string;
  readonly project: string;
  readonly settings: GateSettingsRow;
  readonly state: GateStateRow;
  readonly problem: string | null;
  readonly startedAt: Date;
}

export async function storeReport(database: Kysely<Database>, report: GateReport): Promise<void> {
  const { id, address, host, project, problem, startedAt } = report;
  const changing = { state: JSON.stringify(report.state), problem, seen_at: sql<Date>`now()` };
  await database
    .insertInto('gates')
    .values({
      ...{ id, address, host, project, settings: JSON.stringify(report.settings) },
      ...{ ...changing, started_at: startedAt },
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changing))
    .execute();
}

/**
 * Removes former processes with the address of this one, which ended without a word: two cannot
 * listen on it.
 */
export async function removeFormer(
  database: Kysely<Database>,
  { id, host, address }: Pick<GateReport, 'id' | 'host' | 'address'>,
): Promise<void> {
  await database
    .deleteFrom('gates')
    .where('host', '=', host)
    .where('address', '=', address)
    .where('id', '<>', id)
    .execute();
}

/** The process ends. */
export async function removeReport(database: Kysely<Database>, id: string): Promise<void> {
  await database.deleteFrom('gates').where('id', '=', id).execute();
}

/** Removes processes that are long gone, and blobs of manifests that are not pulled any more. */
export async function sweepGate(database: Kysely<Database>): Promise<void> {
  const { forgottenMs, blobsKeptMs, sweepRows } = gateLimits;
  await database
    .deleteFrom('gates')
    .where(sql<boolean>`seen_at < now() - ${forgottenMs} * interval '1 millisecond'`)
    .execute();
  await sql`delete from gate_blobs where ctid = any(array(
    select ctid from gate_blobs
    where passed_at < now() - ${blobsKeptMs} * interval '1 millisecond'
    limit ${sweepRows}))`.execute(database);
}

/** By their ids. */
export async function listGates(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<Gate>> {
  checkCursor(ask.cursor);
  let query = database
    .selectFrom('gates')
    .selectAll()
    .select(
      sql<boolean>`seen_at < now() - ${gateLimits.lostMs} * interval '1 millisecond'`.as('lost'),
    );
  if (scope !== 'all') query = query.where('project', 'in', ['', ...scope]);
  if (ask.cursor !== undefined) query = query.where('id', '>', ask.cursor);
  const rows = await query
    .orderBy('id')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return {
    next,
    items: page.map(({ lost, settings, state, problem, ...row }) => ({
      ...{ address: row.address, host: row.host, project: row.project, problem },
      ...{ ...settings, waiting: state.waiting, transfers: state.transfers },
      counters: state.counters,
      state: lost ? 'stopped' : problem === null ? 'serving' : 'unavailable',
      startedAt: row.started_at.toISOString(),
      seenAt: row.seen_at.toISOString(),
    })),
  };
}
