/**
 * State transitions of jobs and attempts in SQL. Every transition is compare-and-set and writes its
 * history row and event in the same transaction, and those of an attempt include its fence: a
 * worker that lost the attempt changes nothing. Locks are always taken in the order job, attempt,
 * node.
 */
import {
  isFinal,
  limits,
  outcomeCodes,
  type FinalState,
  type JobState,
  type Observation,
  type Outcome,
  type Telemetry,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { insertArtifacts } from '../artifacts/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents, insertEvents, type NewEvent } from '../floor/events/index.ts';
import { releaseCapacity } from '../nodes/index.ts';
import { jobLimits } from './limits.ts';
import { afterAttempt, statesBefore, type AfterAttempt } from './state.ts';

export interface JobMove {
  readonly job: string;
  readonly to: JobState;
  readonly attempt?: number;
  /** Who or what caused it: a user, `scheduler`, `worker`. */
  readonly cause: string;
  readonly detail?: string;
}

interface MovedJob {
  readonly id: string;
  readonly project: string;
  readonly engine: string;
  readonly moves: number;
}

/** Writes the history row and the event of a transition. */
export async function recordMove(
  transaction: Transaction<Database>,
  moved: MovedJob,
  move: JobMove,
): Promise<void> {
  await transaction
    .insertInto('job_history')
    .values({
      job: moved.id,
      number: moved.moves,
      state: move.to,
      attempt: move.attempt ?? null,
      cause: move.cause,
      detail: (move.detail ?? '').slice(0, limits.problemDetailChars),
    })
    .execute();
  await appendEvents(transaction, [moveEvent(moved, move)]);
}

export function moveEvent(moved: MovedJob, move: JobMove): NewEvent {
  return {
    type: isFinal(move.to) ? 'job.finished' : 'job.moved',
    subject: moved.id,
    actor: move.cause,
    project: moved.project,
    data: { engine: moved.engine, state: move.to, attempt: move.attempt ?? null },
  };
}

/** Ends a job without a running attempt. Returns false when its state has changed. */
export async function endWaitingJob(
  database: Kysely<Database>,
  move: JobMove & { readonly to: FinalState; readonly outcome: Outcome },
): Promise<boolean> {
  return database.transaction().execute(async (transaction) => {
    const moved = await transaction
      .updateTable('jobs')
      .set({
        state: move.to,
        wait_reason: null,
        outcome_code: move.outcome.code,
        outcome_detail: move.outcome.detail,
        finished_at: sql<Date>`now()`,
        moves: sql<number>`moves + 1`,
      })
      .where('id', '=', move.job)
      .where('state', '=', 'queued')
      .returning(['id', 'project', 'engine', 'moves'])
      .executeTakeFirst();
    if (moved === undefined) return false;
    await recordMove(transaction, moved, { ...move, detail: move.outcome.detail });
    return true;
  });
}

export interface AttemptMove {
  readonly attempt: string;
  readonly fence: string;
  readonly to: 'starting' | 'running' | 'collecting';
  readonly containerId?: string;
  readonly containment?: Readonly<Record<string, unknown>>;
  /** Measured so far; merged into what is stored. */
  readonly telemetry?: Partial<Telemetry>;
}

/**
 * Moves a live attempt and its job to the next state, in one statement. Returns false when the
 * attempt has another fence or has ended: the caller has lost it.
 */
export async function moveAttempt(database: Kysely<Database>, move: AttemptMove): Promise<boolean> {
  const before = statesBefore(move.to);
  const containment = move.containment === undefined ? null : JSON.stringify(move.containment);
  const telemetry = JSON.stringify(move.telemetry ?? {});
  const result = await sql<{ job: string }>`
    with attempt as (
      update attempts set
        state = ${move.to},
        container_id = coalesce(${move.containerId ?? null}, container_id),
        containment = coalesce(${containment}::jsonb, containment),
        telemetry = telemetry || ${telemetry}::jsonb,
        started_at = case when ${move.to} = 'running' then coalesce(started_at, now())
                     else started_at end
      where id = ${move.attempt} and fence = ${move.fence} and finished_at is null
        and state = any(${before})
      returning job, number
    ), job as (
      update jobs set
        state = ${move.to},
        moves = jobs.moves + 1,
        started_at = case when ${move.to} = 'running' then coalesce(jobs.started_at, now())
                     else jobs.started_at end
      from attempt where jobs.id = attempt.job
      returning jobs.id, jobs.project, jobs.engine, jobs.moves, attempt.number
    ), history as (
      insert into job_history (job, number, state, attempt, cause)
      select id, moves, ${move.to}, number, 'worker' from job
    ), event as (
      ${insertEvents('job.moved', {
        project: sql`project`,
        subject: sql`id`,
        actor: sql`'worker'`,
        data: sql`jsonb_build_object('engine', engine, 'state', ${move.to}::text, 'attempt', number)`,
        from: sql`job`,
      })}
    )
    select id as job from job`.execute(database);
  return result.rows.length === 1;
}

export interface CollectedArtifact {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly primary: boolean;
}

export interface AttemptResult {
  readonly attempt: string;
  readonly fence: string;
  readonly outcome: Outcome;
  readonly observations: readonly Observation[];
  readonly telemetry: Partial<Telemetry>;
  readonly artifacts: readonly CollectedArtifact[];
  readonly logBytes: number;
  readonly logTruncated: boolean;
  /** `worker`, or `scheduler` for an attempt whose worker disappeared. */
  readonly cause: string;
}

/**
 * Ends an attempt: outcome, artifacts, the node's reservation, and the next state of the job, all
 * in one transaction. Returns undefined when the attempt has another fence: nothing of a late
 * result is stored.
 */
export async function finishAttempt(
  database: Kysely<Database>,
  result: AttemptResult,
): Promise<AfterAttempt | undefined> {
  return database.transaction().execute(async (transaction) => {
    const row = await lockAttempt(transaction, result);
    if (row === undefined) return undefined;
    await transaction
      .updateTable('attempts')
      .set({
        state: attemptState(result.outcome),
        outcome_code: result.outcome.code,
        outcome_detail: result.outcome.detail.slice(0, limits.problemDetailChars),
        observations: JSON.stringify(
          result.observations.slice(0, jobLimits.observationsPerAttempt),
        ),
        telemetry: sql`telemetry || ${JSON.stringify(result.telemetry)}::jsonb`,
        log_bytes: result.logBytes,
        log_truncated: result.logTruncated,
        finished_at: sql<Date>`now()`,
      })
      .where('id', '=', result.attempt)
      .execute();
    const { node, memory_bytes: memoryBytes, cpus } = row;
    await releaseCapacity(transaction, { node, memoryBytes, cpus });
    await insertResults(transaction, row, result.artifacts);
    return moveOn(transaction, row, result);
  });
}

/** Ends an attempt without log, result or telemetry. */
export function finishLostAttempt(
  database: Kysely<Database>,
  { attempt, fence }: Pick<AttemptResult, 'attempt' | 'fence'>,
  { cause, detail }: { readonly cause: 'scheduler' | 'worker'; readonly detail: string },
): Promise<AfterAttempt | undefined> {
  return finishAttempt(database, {
    attempt,
    fence,
    cause,
    outcome: { code: 'lost', detail },
    observations: [],
    telemetry: {},
    artifacts: [],
    logBytes: 0,
    logTruncated: false,
  });
}

type LockedAttempt = Awaited<ReturnType<typeof lockAttempt>> & object;

async function lockAttempt(
  transaction: Transaction<Database>,
  key: { readonly attempt: string; readonly fence: string },
) {
  return transaction
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job')
    .innerJoin('engine_revisions', (join) =>
      join
        .onRef('engine_revisions.engine', '=', 'jobs.engine')
        .onRef('engine_revisions.revision', '=', 'attempts.engine_revision'),
    )
    .where('attempts.id', '=', key.attempt)
    .where('attempts.fence', '=', key.fence)
    .where('attempts.finished_at', 'is', null)
    .select([
      'attempts.number',
      'attempts.node',
      'attempts.memory_bytes',
      'attempts.cpus',
      'jobs.id',
      'jobs.project',
      'jobs.engine',
      'jobs.submitted_by',
      'jobs.attempts',
      'jobs.workload_failures',
      'jobs.platform_failures',
      'jobs.cancel_requested_at',
      'jobs.cancelled_by',
      'engine_revisions.manifest',
    ])
    .forUpdate(['jobs', 'attempts'])
    .executeTakeFirst();
}

/** The final state of the attempt itself, whatever the state of its job. */
function attemptState(outcome: Outcome): FinalState {
  if (outcome.code === 'succeeded') return 'succeeded';
  if (outcome.code === 'cancelled') return 'cancelled';
  return outcome.code === 'time_limit' ? 'timed_out' : 'failed';
}

/** Stores the results as artifacts of the project, and under their paths as those of the job. */
async function insertResults(
  transaction: Transaction<Database>,
  row: LockedAttempt,
  results: readonly CollectedArtifact[],
): Promise<void> {
  if (results.length === 0) return;
  const artifacts = results.map((one) => ({
    ...one,
    name: one.path.split('/').at(-1) ?? one.path,
  }));
  const { project, submitted_by: createdBy } = row;
  await insertArtifacts(transaction, artifacts, { project, createdBy });
  await transaction
    .insertInto('job_artifacts')
    .values(
      results.map(({ path, sha256, primary }) => ({
        job: row.id,
        attempt: row.number,
        path,
        sha256,
        is_primary: primary,
      })),
    )
    .execute();
}

async function moveOn(
  transaction: Transaction<Database>,
  row: LockedAttempt,
  result: AttemptResult,
): Promise<AfterAttempt> {
  const { outcome } = result;
  const kind = outcomeCodes[outcome.code].class;
  const after = afterAttempt(
    { outcome, cancelRequested: row.cancel_requested_at !== null },
    {
      attempts: row.attempts,
      workloadFailures: row.workload_failures,
      platformFailures: row.platform_failures,
      attemptsMax: row.manifest.retry.attempts,
      workloadRetries: row.manifest.retry.workload,
    },
  );
  const again = after.next === 'queued' ? after : undefined;
  const moved = await transaction
    .updateTable('jobs')
    .set({
      state: after.next,
      moves: sql<number>`moves + 1`,
      workload_failures: row.workload_failures + (kind === 'workload' ? 1 : 0),
      platform_failures: row.platform_failures + (kind === 'platform' ? 1 : 0),
      ...(again === undefined
        ? {
            outcome_code: after.next === 'cancelled' ? 'cancelled' : outcome.code,
            outcome_detail: outcome.detail,
            finished_at: sql<Date>`now()`,
            wait_reason: null,
          }
        : {
            wait_reason: `retry after: ${outcome.detail}`.slice(0, limits.problemDetailChars),
            not_before: sql<Date>`now() + ${again.backoffMs} * interval '1 millisecond'`,
            queued_at: sql<Date>`now()`,
            node: null,
            ...(again.avoidNode
              ? { avoid_nodes: sql<string[]>`array_append(avoid_nodes, ${row.node})` }
              : {}),
          }),
    })
    .where('id', '=', row.id)
    .returning(['id', 'project', 'engine', 'moves'])
    .executeTakeFirstOrThrow();
  const cause = after.next === 'cancelled' ? (row.cancelled_by ?? result.cause) : result.cause;
  await recordMove(transaction, moved, {
    job: row.id,
    to: after.next,
    attempt: row.number,
    cause,
    detail: outcome.detail,
  });
  return after;
}
