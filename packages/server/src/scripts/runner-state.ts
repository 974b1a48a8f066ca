/** The one row about the runner: whether it is paused, where it runs, what is missing. */
import { scriptKinds, type ScriptStatus } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { countImagesBefore } from '../inspection/index.ts';
import { scriptServerLimits } from './limits.ts';

export interface RunnerReport {
  readonly node: string | null;
  readonly problem: string | null;
  /** Why a kind of scripts is not supported; null if it is. */
  readonly kinds: Readonly<Record<string, string | null>>;
}

export async function reportRunner(
  database: Kysely<Database>,
  { node, problem, kinds }: RunnerReport,
): Promise<void> {
  await database
    .updateTable('script_runner')
    .set({ node, problem, kinds: JSON.stringify(kinds), seen_at: sql<Date>`now()` })
    .execute();
}

export async function isPaused(database: Kysely<Database>): Promise<boolean> {
  const row = await database.selectFrom('script_runner').select('paused_at').executeTakeFirst();
  return row !== undefined && row.paused_at !== null;
}

/** Once or repeatedly. */
export async function setPaused(
  database: Kysely<Database>,
  change: { readonly paused: boolean; readonly actor: string; readonly host: string },
): Promise<void> {
  const { paused, actor, host } = change;
  await transaction(database, async (trx) => {
    const set = paused
      ? { paused_at: sql<Date>`now()`, paused_by: actor }
      : { paused_at: null, paused_by: null };
    const changed = await trx
      .updateTable('script_runner')
      .set(set)
      .where('paused_at', paused ? 'is' : 'is not', null)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    const type = paused ? 'script.paused' : 'script.resumed';
    await appendEvents(trx, [{ type, subject: host, actor }]);
  });
}

const noRunner = 'no process runs scripts: none has the role worker';

export async function readStatus(
  database: Kysely<Database>,
  enabled: boolean,
): Promise<ScriptStatus> {
  const row = await database.selectFrom('script_runner').selectAll().executeTakeFirstOrThrow();
  const { rows } = await sql<{ readonly queued: number; readonly running: number }>`
    select count(*) filter (where state = 'queued') as queued,
      count(*) filter (where state = 'running') as running
    from script_runs where state <> 'finished'`.execute(database);
  const counts = rows[0] ?? { queued: 0, running: 0 };
  const { rows: planned } = await sql<{ readonly from: number }>`
    select planned_from as "from" from scripts
    where removed_at is null and enabled and planned_from is not null`.execute(database);
  const left = await countImagesBefore(
    database,
    planned.map(({ from }) => from),
  );
  return {
    ...{ enabled, paused: row.paused_at !== null, pausedBy: row.paused_by, node: row.node },
    problem: enabled ? await problemOf(database, row.problem) : 'scripts are not enabled',
    kinds: scriptKinds.map((kind) => ({ kind, problem: row.kinds[kind] ?? null })),
    ...counts,
    remainingImages: planned.reduce((sum, { from }) => sum + (left.get(from) ?? 0), 0),
    seenAt: row.seen_at?.toISOString() ?? null,
  };
}

async function problemOf(
  database: Kysely<Database>,
  reported: string | null,
): Promise<string | null> {
  const { rows } = await sql<{ readonly gone: boolean }>`
    select coalesce(seen_at < now() - ${scriptServerLimits.seenMs} * interval '1 millisecond', true)
      as gone from script_runner`.execute(database);
  return rows[0]?.gone === true ? noRunner : reported;
}
