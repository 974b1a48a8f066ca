/**
 * Reading of jobs: one, a page, counts, the trend. Every query is bounded by the caller's projects.
 */
import {
  jobStates,
  limits,
  Problem,
  type Attempt,
  type HistoryEntry,
  type Job,
  type JobArtifact,
  type JobDetail,
  type JobState,
  type Observation,
  type Outcome,
  type OutcomeCode,
  type Telemetry,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { idAt } from '../floor/ids.ts';
import { serverLimits } from '../floor/limits.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { filterJobs, type JobFilter, type JobQuery } from './filter-jobs.ts';
import { sortJobs, type JobOrder } from './sort-jobs.ts';

/** One page in the requested order, newest first by default; new jobs never shift a page. */
export async function listJobs(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: JobListAsk,
): Promise<{ items: Job[]; next: string | null }> {
  const sorted = sortJobs(ask);
  const base = filterJobs(database.selectFrom('jobs').selectAll('jobs'), scope, ask.filter);
  const rows = await sorted
    .apply(base.select(sorted.value))
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const inputs = await readInputs(
    database,
    page.map((row) => row.id),
  );
  const items = page.map((row) => toJob(row, inputs.get(row.id) ?? []));
  const last = page.at(-1);
  const hasMore = rows.length > ask.limit && last !== undefined;
  return { items, next: hasMore ? sorted.cursorOf(last) : null };
}

export interface JobListAsk extends Partial<JobOrder> {
  readonly filter: JobFilter;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One job with all details; a job out of scope does not exist. */
export async function readJob(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<JobDetail> {
  const row = await findJob(database, scope, id);
  const [inputs, artifacts, attempts, history] = await Promise.all([
    readInputs(database, [id]),
    readArtifacts(database, id),
    database.selectFrom('attempts').selectAll().where('job', '=', id).orderBy('number').execute(),
    database
      .selectFrom('job_history')
      .selectAll()
      .where('job', '=', id)
      .orderBy('number')
      .limit(serverLimits.eventBatch)
      .execute(),
  ]);
  return {
    ...toJob(row, inputs.get(id) ?? []),
    parameters: row.parameters,
    timeLimitMs: row.time_limit_ms,
    queueTimeLimitMs: row.queue_time_limit_ms,
    artifacts,
    attemptList: attempts.map(toAttempt),
    history: history.map((entry) => ({
      at: entry.at.toISOString(),
      state: entry.state as HistoryEntry['state'],
      attempt: entry.attempt,
      cause: entry.cause,
      detail: entry.detail,
    })),
  };
}

/** Jobs by their ids, newest first, without their parts; the caller checked the permission. */
export async function readJobs(database: Kysely<Database>, ids: readonly string[]): Promise<Job[]> {
  if (ids.length === 0) return [];
  const rows = await database
    .selectFrom('jobs')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('id', 'desc')
    .execute();
  const inputs = await readInputs(database, ids);
  return rows.map((row) => toJob(row, inputs.get(row.id) ?? []));
}

/** The job without its parts. */
export async function readJobSummary(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<Job> {
  const row = await findJob(database, scope, id);
  const inputs = await readInputs(database, [id]);
  return toJob(row, inputs.get(id) ?? []);
}

async function findJob(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<Selectable<Database['jobs']>> {
  const row = await filterJobs(database.selectFrom('jobs').selectAll('jobs'), scope, {})
    .where('jobs.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no job ${id}`);
  return row;
}

export async function countJobs(
  database: Kysely<Database>,
  scope: ProjectScope,
  filter: JobFilter,
): Promise<{
  total: number;
  byState: Record<JobState, number>;
  byEngine: Record<string, Record<JobState, number>>;
}> {
  const rows = await filterJobs(
    database
      .selectFrom('jobs')
      .select(['jobs.engine', 'jobs.state', sql<number>`count(*)::int`.as('count')]),
    scope,
    filter,
  )
    .groupBy(['jobs.engine', 'jobs.state'])
    .execute();
  const byState = noJobs();
  const byEngine: Record<string, Record<JobState, number>> = {};
  let total = 0;
  for (const { engine, state, count } of rows) {
    total += count;
    byState[state as JobState] += count;
    (byEngine[engine] ??= noJobs())[state as JobState] += count;
  }
  return { total, byState, byEngine };
}

function noJobs(): Record<JobState, number> {
  return Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
}

interface ActivityHour {
  readonly at: string;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timed_out: number;
  readonly cancelled: number;
}

/** Submitted and ended jobs for each of the last hours, the oldest first, empty hours included. */
export async function readActivity(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: { readonly project?: string | undefined; readonly hours: number; readonly nowMs: number },
): Promise<{ hours: ActivityHour[] }> {
  const hourMs = 3_600_000;
  const firstMs = Math.floor(ask.nowMs / hourMs) * hourMs - (ask.hours - 1) * hourMs;
  const base = (): JobQuery<{ hour: Date; state: string; count: number }> =>
    database.selectFrom('jobs') as unknown as JobQuery<{
      hour: Date;
      state: string;
      count: number;
    }>;
  const filter = { project: ask.project };
  const grouped = (column: 'created_at' | 'finished_at') =>
    filterJobs(
      base().select([
        sql<Date>`date_trunc('hour', jobs.${sql.ref(column)} at time zone 'UTC') at time zone 'UTC'`.as(
          'hour',
        ),
        'jobs.state',
        sql<number>`count(*)::int`.as('count'),
      ]) as unknown as JobQuery<{ hour: Date; state: string; count: number }>,
      scope,
      filter,
    ).groupBy([sql`1`, 'jobs.state']);
  const [submitted, finished] = await Promise.all([
    grouped('created_at').where('jobs.id', '>=', idAt(firstMs)).execute(),
    grouped('finished_at').where('jobs.finished_at', '>=', new Date(firstMs)).execute(),
  ]);
  const hours = Array.from({ length: ask.hours }, (_, position) => {
    const atMs = firstMs + position * hourMs;
    const ended = (state: JobState): number =>
      sum(finished.filter((row) => row.hour.getTime() === atMs && row.state === state));
    return {
      at: new Date(atMs).toISOString(),
      submitted: sum(submitted.filter((row) => row.hour.getTime() === atMs)),
      succeeded: ended('succeeded'),
      failed: ended('failed'),
      timed_out: ended('timed_out'),
      cancelled: ended('cancelled'),
    };
  });
  return { hours };
}

function sum(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((total, row) => total + row.count, 0);
}

type JobInput = Job['inputs'][number];

async function readInputs(
  database: Kysely<Database>,
  jobs: readonly string[],
): Promise<Map<string, JobInput[]>> {
  if (jobs.length === 0) return new Map();
  const rows = await database
    .selectFrom('job_inputs')
    .innerJoin('blobs', 'blobs.sha256', 'job_inputs.sha256')
    .where('job_inputs.job', 'in', jobs)
    .select(['job_inputs.job', 'job_inputs.name', 'job_inputs.sha256', 'blobs.size_bytes'])
    .orderBy('job_inputs.position')
    .execute();
  const inputs = Map.groupBy(rows, (row) => row.job);
  return new Map(
    [...inputs].map(([job, list]) => [
      job,
      list.map((row) => ({ name: row.name, sha256: row.sha256, sizeBytes: row.size_bytes })),
    ]),
  );
}

/** The artifacts of the last attempt with results. */
async function readArtifacts(database: Kysely<Database>, job: string): Promise<JobArtifact[]> {
  const rows = await database
    .selectFrom('job_artifacts')
    .innerJoin('blobs', 'blobs.sha256', 'job_artifacts.sha256')
    .where('job_artifacts.job', '=', job)
    .select([
      'job_artifacts.path',
      'job_artifacts.sha256',
      'job_artifacts.attempt',
      'job_artifacts.is_primary',
      'blobs.size_bytes',
    ])
    .orderBy('job_artifacts.attempt', 'desc')
    .orderBy('job_artifacts.is_primary', 'desc')
    .orderBy('job_artifacts.path')
    .limit(limits.outputEntriesMax)
    .execute();
  return rows.map((row) => ({
    path: row.path,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    attempt: row.attempt,
    primary: row.is_primary,
  }));
}

function toJob(row: Selectable<Database['jobs']>, inputs: JobInput[]): Job {
  return {
    id: row.id,
    project: row.project,
    engine: row.engine,
    engineRevision: row.engine_revision,
    state: row.state as JobState,
    waitReason: row.state === 'queued' ? row.wait_reason : null,
    outcome: toOutcome(row),
    inputs,
    tags: row.tags,
    priority: row.priority,
    submittedBy: row.submitted_by,
    attempts: row.attempts,
    node: row.node,
    rerunOf: row.rerun_of,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

function toOutcome(row: {
  readonly outcome_code: string | null;
  readonly outcome_detail: string | null;
}): Outcome | null {
  if (row.outcome_code === null) return null;
  return { code: row.outcome_code as OutcomeCode, detail: row.outcome_detail ?? '' };
}

const noTelemetry: Telemetry = {
  waitMs: null,
  pullMs: null,
  createMs: null,
  inputMs: null,
  startMs: null,
  runMs: null,
  collectMs: null,
  removeMs: null,
  peakMemoryBytes: null,
  cpuSeconds: null,
  exitCode: null,
  outOfMemory: null,
};

function toAttempt(row: Selectable<Database['attempts']>): Attempt {
  return {
    id: row.id,
    number: row.number,
    state: row.state as JobState,
    node: row.node,
    imageDigest: row.image_digest,
    engineRevision: row.engine_revision,
    outcome: toOutcome(row),
    observations: row.observations as Observation[],
    telemetry: { ...noTelemetry, ...row.telemetry },
    containment: row.containment,
    logBytes: row.log_bytes,
    logTruncated: row.log_truncated,
    placedAt: row.placed_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/** The id of a job of the engine that has not ended. */
export async function findUnfinishedJob(
  database: Kysely<Database>,
  engine: string,
): Promise<string | undefined> {
  const row = await database
    .selectFrom('jobs')
    .select('id')
    .where('engine', '=', engine)
    .where('state', 'in', ['queued', 'placed', 'starting', 'running', 'collecting'])
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
