/** The queue of runs: rows of the database, taken by the one runner of the instance. */
import {
  backoffMs,
  type ScriptKind,
  type ScriptOutcome,
  type ScriptSettings,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents, type NewEvent } from '../floor/events/index.ts';
import { packStorable, storable } from '../floor/storable.ts';
import type { Disagreement } from './compare-packages.ts';
import { scriptServerLimits } from './limits.ts';
import { promptPriority } from './plan-runs.ts';

export interface ClaimedRun {
  readonly id: string;
  readonly script: string;
  readonly name: string;
  readonly kind: ScriptKind;
  readonly settings: ScriptSettings;
  readonly priority: number;
  readonly attempts: number;
}

export interface ClaimedImage {
  readonly project: string;
  readonly digest: string;
  readonly platform: string | null;
  /** In the order of the names of their scripts. */
  readonly runs: readonly ClaimedRun[];
}

/**
 * Takes the runs of the next image; undefined when nothing is due. Without `backlog` only those
 * that are not slowed down.
 */
export async function claimImage(
  database: Kysely<Database>,
  { backlog }: { readonly backlog: boolean },
): Promise<ClaimedImage | undefined> {
  const due = sql`state = 'queued' and retry_at <= now()`;
  const bounded = backlog ? sql`true` : sql`priority >= ${promptPriority}`;
  const { rows } = await sql<ClaimedRun & Omit<ClaimedImage, 'runs'>>`
    with next as (
      select project, digest from script_runs where ${due} and ${bounded}
      order by priority desc, image desc, id limit 1
    ), taken as (
      update script_runs r set state = 'running', started_at = now(), attempts = attempts + 1,
        wait_reason = null
      where id in (
        select id from script_runs join next using (project, digest) where ${due}
        order by priority desc, id limit ${scriptServerLimits.runsAtOnce} for update
      )
      returning r.*
    )
    select t.id, t.script, s.name, s.kind, s.settings, t.priority, t.attempts, t.project, t.digest,
      t.platform
    from taken t join scripts s on s.id = t.script order by s.name`.execute(database);
  const [first] = rows;
  if (first === undefined) return undefined;
  const { project, digest, platform } = first;
  return { project, digest, platform, runs: rows };
}

/** Runs of a runner that is gone, or that stops; they did not fail. */
export async function requeueRunning(
  database: Kysely<Database>,
  ids?: readonly string[],
): Promise<void> {
  const which = ids === undefined ? sql`true` : sql`id = any(${[...ids]}::text[])`;
  await sql`
    update script_runs set state = 'queued', started_at = null, attempts = greatest(attempts - 1, 0)
    where state = 'running' and ${which}`.execute(database);
}

/** After a failure that may be temporary. */
export async function retryLater(
  database: Kysely<Database>,
  runs: readonly ClaimedRun[],
  reason: string,
): Promise<void> {
  const attempts = Math.max(...runs.map((run) => run.attempts));
  const { retryInitialMs: initialMs, retryMaxMs: maxMs } = scriptServerLimits;
  const delayMs = backoffMs(attempts - 1, { initialMs, maxMs });
  await sql`
    update script_runs set state = 'queued', started_at = null, wait_reason = ${storable(reason)},
      retry_at = now() + ${delayMs} * interval '1 millisecond'
    where state = 'running' and id = any(${runs.map(({ id }) => id)}::text[])`.execute(database);
}

export interface FinishedRun {
  readonly outcome: ScriptOutcome;
  readonly detail: string;
  readonly exitCode: number | null;
  readonly limitsReached: readonly string[];
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly stderrTruncated: boolean;
  readonly variablesDropped: readonly string[];
  /** Null unless the output has the declared format. */
  readonly output: unknown;
  readonly disagreements: readonly Disagreement[];
}

/** Result, disagreements and events in one transaction; nothing if the run was taken away. */
export async function finishRun(
  database: Kysely<Database>,
  about: { readonly image: ClaimedImage; readonly run: ClaimedRun },
  finished: FinishedRun,
): Promise<void> {
  const { image, run } = about;
  const { outcome, disagreements } = finished;
  const output = finished.output ?? null;
  await transaction(database, async (trx) => {
    const updated = await sql`
      update script_runs set state = 'finished', finished_at = now(), outcome = ${outcome},
        detail = ${storable(finished.detail)}, exit_code = ${finished.exitCode},
        limits_reached = ${[...finished.limitsReached]}::text[], stdout = ${finished.stdout},
        stderr = ${finished.stderr}, stderr_truncated = ${finished.stderrTruncated},
        output = ${output === null ? null : packStorable(output)}::jsonb,
        user_id = ${run.settings.user}, findings = ${disagreements.length},
        variables_dropped = ${finished.variablesDropped.map(storable)}::text[]
      where id = ${run.id} and state = 'running'`.execute(trx);
    if (updated.numAffectedRows === 0n) return;
    await trx.deleteFrom('script_disagreements').where('run', '=', run.id).execute();
    if (disagreements.length > 0) {
      const rows = disagreements
        .slice(0, scriptServerLimits.disagreements)
        .map((one, number) => ({ run: run.id, number, ...storableTexts(one) }));
      await trx.insertInto('script_disagreements').values(rows).execute();
    }
    await appendEvents(trx, describeEvents(image, run, finished));
  });
}

function storableTexts(one: Disagreement): Disagreement {
  const entries = Object.entries(one).map(([name, value]) => [
    name,
    value === null ? null : storable(value),
  ]);
  return Object.fromEntries(entries) as Disagreement;
}

function describeEvents(
  { project, digest }: ClaimedImage,
  run: ClaimedRun,
  { outcome, detail, exitCode, disagreements }: FinishedRun,
): NewEvent[] {
  const about = { subject: digest, actor: 'scripts', project };
  const data = { script: run.name, run: run.id, outcome };
  const isCompleted = outcome === 'succeeded' || outcome === 'exit_code';
  return [
    isCompleted
      ? { ...about, type: 'script.completed', data: { ...data, exitCode } }
      : { ...about, type: 'script.failed', data: { ...data, detail } },
    ...(disagreements.length === 0
      ? []
      : [
          {
            ...about,
            type: 'script.disagreed' as const,
            data: { ...data, count: disagreements.length },
          },
        ]),
  ];
}
