/** Reading of runs and disagreements, bounded by the caller's projects. */
import {
  Problem,
  type PackageDisagreement,
  type Page,
  type ScriptKind,
  type ScriptOutcome,
  type ScriptRun,
  type ScriptRunDetail,
  type ScriptRunState,
} from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';

interface RunRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly sha256: string;
  readonly revision: string;
  readonly current: ScriptRun['current'];
  readonly project: string;
  readonly digest: string;
  readonly platform: string | null;
  readonly state: string;
  readonly outcome: string | null;
  readonly detail: string;
  readonly exit_code: number | null;
  readonly limits_reached: string[];
  readonly output_bytes: number;
  readonly findings: number;
  readonly wait_reason: string | null;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

const columns = sql`
  r.id, s.name, s.kind, r.sha256, r.revision, r.project, r.digest, r.platform, r.state, r.outcome,
  r.detail, r.exit_code, r.limits_reached, octet_length(r.stdout) as output_bytes, r.findings,
  coalesce(r.wait_reason, (select case when paused_at is not null then 'runs of scripts are paused'
    else problem end from script_runner where r.state = 'queued')) as wait_reason,
  r.requested_by, r.requested_at, r.started_at, r.finished_at,
  case when s.removed_at is not null then 'removed'
    when s.revision = r.revision then 'current' else 'outdated' end as current`;

function select(condition: RawBuilder<unknown>, limit: number) {
  return sql<RunRow>`
    select ${columns} from script_runs r join scripts s on s.id = r.script
    where ${condition} order by r.id desc limit ${limit}`;
}

export async function readRuns(
  database: Kysely<Database>,
  ids: readonly string[],
): Promise<ScriptRun[]> {
  const condition = sql`r.id = any(${[...ids]}::text[])`;
  const { rows } = await select(condition, ids.length).execute(database);
  return rows.map(toRun).toSorted((a, b) => (a.script < b.script ? -1 : 1));
}

export interface ImageOfRuns {
  readonly project: string;
  readonly digest: string;
}

export interface RunFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly script?: string | undefined;
  readonly state?: readonly ScriptRunState[] | undefined;
  readonly outcome?: readonly ScriptOutcome[] | undefined;
  /** Include runs of earlier revisions. */
  readonly history: boolean;
}

/** The latest first. */
export async function listRuns(
  database: Kysely<Database>,
  { project, digest }: ImageOfRuns,
  filter: RunFilter,
): Promise<Page<ScriptRun>> {
  const { limit, cursor, script, state, outcome, history } = filter;
  const conditions = [
    sql`r.project = ${project} and r.digest = ${digest}`,
    ...(cursor === undefined ? [] : [sql`r.id < ${cursor}`]),
    ...(script === undefined ? [] : [sql`s.name = ${script}`]),
    ...(state === undefined ? [] : [sql`r.state = any(${[...state]}::text[])`]),
    ...(outcome === undefined ? [] : [sql`r.outcome = any(${[...outcome]}::text[])`]),
    ...(history
      ? []
      : [
          sql`not exists (select from script_runs newer where newer.project = r.project
            and newer.digest = r.digest and newer.script = r.script and newer.id > r.id)`,
        ]),
  ];
  const { rows } = await select(sql.join(conditions, sql` and `), limit + 1).execute(database);
  const page = rows.slice(0, limit);
  const next = rows.length > limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toRun), next };
}

function toRun(row: RunRow): ScriptRun {
  const { started_at: started, finished_at: finished } = row;
  const durationMs =
    started === null || finished === null ? null : finished.getTime() - started.getTime();
  return {
    ...{ id: row.id, script: row.name, kind: row.kind as ScriptKind, sha256: row.sha256 },
    ...{ revision: row.revision, current: row.current, project: row.project },
    ...{ digest: row.digest, platform: row.platform, state: row.state as ScriptRunState },
    outcome: row.outcome as ScriptOutcome | null,
    detail: row.detail,
    exitCode: row.exit_code,
    limitsReached: row.limits_reached,
    outputBytes: row.output_bytes,
    findings: row.findings,
    waitReason: row.state === 'queued' ? row.wait_reason : null,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    startedAt: started?.toISOString() ?? null,
    finishedAt: finished?.toISOString() ?? null,
    durationMs,
  };
}

interface DetailRow extends RunRow {
  readonly output: unknown;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly stderr_truncated: boolean;
  readonly user_id: string;
  readonly variables_dropped: string[];
}

/** Throws not_found, also for a run in another project. */
export async function readRun(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<ScriptRunDetail> {
  const within = scope === 'all' ? sql`true` : sql`r.project = any(${[...scope]}::text[])`;
  const { rows } = await sql<DetailRow>`
    select ${columns}, r.output, r.stdout, r.stderr, r.stderr_truncated, r.user_id,
      r.variables_dropped
    from script_runs r join scripts s on s.id = r.script
    where r.id = ${id} and ${within}`.execute(database);
  const [row] = rows;
  if (row === undefined) throw new Problem('not_found', `there is no run ${id}`);
  return {
    ...toRun(row),
    output: row.output,
    stdout: row.stdout.toString('utf8'),
    stderr: row.stderr.toString('utf8'),
    stderrTruncated: row.stderr_truncated,
    user: row.user_id,
    variablesDropped: row.variables_dropped,
  };
}

/** Of the latest run of each script. */
export async function listDisagreements(
  database: Kysely<Database>,
  { project, digest }: ImageOfRuns,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<PackageDisagreement>> {
  const [run, number] = readCursor(cursor);
  const { rows } = await sql<PackageDisagreement & { readonly number: number }>`
    select d.run, d.number, s.name as script, d.rule, d.type, d.package, d.architecture, d.inside,
      d.static
    from script_disagreements d
    join script_runs r on r.id = d.run
    join scripts s on s.id = r.script
    where r.project = ${project} and r.digest = ${digest}
      and not exists (select from script_runs newer where newer.project = r.project
        and newer.digest = r.digest and newer.script = r.script and newer.id > r.id)
      and (d.run, d.number) > (${run}, ${number})
    order by d.run, d.number limit ${limit + 1}`.execute(database);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? `${last.run}-${last.number}` : null;
  const items = page.map((row) => toDisagreement(row));
  return { items, next };
}

function toDisagreement(
  row: PackageDisagreement & { readonly number: number },
): PackageDisagreement {
  const { number: _, ...item } = row;
  return item;
}

function readCursor(cursor: string | undefined): readonly [string, number] {
  if (cursor === undefined) return ['', -1];
  const [, run, number] = /^([0-9a-z]{16})-(\d{1,9})$/.exec(cursor) ?? [];
  if (run !== undefined && number !== undefined) return [run, Number(number)];
  const message = 'expected `next` of the previous page';
  throw new Problem('invalid_request', `cursor: ${message}`, {
    fields: [{ path: 'query.cursor', message }],
  });
}
