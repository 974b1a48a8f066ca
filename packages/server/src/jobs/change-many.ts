/**
 * Many jobs at once, chosen by ids or by a filter. Each job is changed in its own transaction, with
 * the same event as a single call, so that the audit log has every job; the response contains the
 * result for each.
 */
import { createHash } from 'node:crypto';

import {
  asProblem,
  finalStates,
  isFinal,
  jobStates,
  limits,
  Problem,
  type BulkOutput,
  type BulkResult,
  type JobState,
  type OperationInput,
  type operations,
} from '@lazaret/protocol';
import { sql } from 'kysely';

import { readIdempotencyKey, type CallContext } from '../floor/http/index.ts';
import { projectsWith, type ProjectScope } from '../floor/principal.ts';
import { cancelJob, cancellationOf } from './cancel.ts';
import { filterJobs, type JobFilter } from './filter-jobs.ts';
import { rerun, type JobParts } from './service.ts';

type CancelAsk = OperationInput<(typeof operations.jobs)['cancelMany']>['body'];
type RerunAsk = OperationInput<(typeof operations.jobs)['rerunMany']>['body'];

/** Cancels the active jobs that are selected. */
export async function cancelMany(
  parts: JobParts,
  ask: CancelAsk,
  context: CallContext,
): Promise<BulkOutput> {
  const scope = projectsWith(context.principal, 'jobs.control');
  const active = jobStates.filter((state) => !isFinal(state));
  const selected = await select(parts, ask, { scope, states: active, most: limits.bulkCancelJobs });
  if (ask.dryRun) {
    const planned = await eachJob(selected, (job) => ({ status: cancellationOf(job) }));
    return summarize(ask, selected, planned);
  }
  const results = await eachJob(selected, async ({ id }) => ({
    status: await cancelJob(parts.database, id, context.principal.name),
  }));
  parts.onQueue();
  parts.onEvents();
  return summarize(ask, selected, results);
}

/** Submits the selected ended jobs again. */
export async function rerunMany(
  parts: JobParts,
  ask: RerunAsk,
  context: CallContext,
): Promise<BulkOutput> {
  const { principal } = context;
  const scope = intersect(
    projectsWith(principal, 'jobs.submit'),
    projectsWith(principal, 'jobs.read'),
  );
  const ended: JobState[] = [...finalStates];
  const selected = await select(parts, ask, { scope, states: ended, most: limits.bulkRerunJobs });
  if (ask.dryRun) {
    const planned = await eachJob(selected, () => ({ status: 'resubmitted' }));
    return summarize(ask, selected, planned);
  }
  const results = await eachJob(selected, async ({ id }) => {
    const call = { ...context, headers: keyOf(context, id) };
    const job = await rerun(parts, { id, sameRevision: ask.sameRevision }, call);
    return { status: 'resubmitted', job: job.id };
  });
  return summarize(ask, selected, results);
}

/** An Idempotency-Key is for the whole call; each job gets one derived from it. */
function keyOf({ headers }: CallContext, id: string): CallContext['headers'] {
  const key = readIdempotencyKey(headers['idempotency-key']);
  if (key === undefined) return headers;
  const own = createHash('sha256').update(`${key} ${id}`).digest('hex');
  return { ...headers, 'idempotency-key': own };
}

function intersect(a: ProjectScope, b: ProjectScope): ProjectScope {
  if (a === 'all') return b;
  if (b === 'all') return a;
  return a.filter((project) => b.includes(project));
}

type Selection = Omit<JobFilter, 'after'> & { readonly dryRun: boolean; readonly every: boolean };

interface SelectedJob {
  readonly id: string;
  readonly state: string;
  readonly cancel_requested_at: Date | null;
}

interface Selected {
  readonly jobs: readonly SelectedJob[];
  /** Given ids without a job in scope. */
  readonly missing: readonly string[];
  readonly matched: number;
  /** In a dry run by filter, which only counts: jobs whose cancellation was already requested. */
  readonly cancelling?: number;
}

interface Bounds {
  readonly scope: ProjectScope;
  /** States that a filter selects; ids are accepted in any state. */
  readonly states: readonly JobState[];
  readonly most: number;
}

/** The selected jobs, the oldest first. Throws selection_too_large before any is changed. */
async function select(parts: JobParts, ask: Selection, bounds: Bounds): Promise<Selected> {
  const { dryRun, every: _every, ...asked } = ask;
  const states = asked.state?.filter((state) => bounds.states.includes(state)) ?? bounds.states;
  const filter = asked.ids === undefined ? { ...asked, state: states } : asked;
  const query = filterJobs(
    parts.database.selectFrom('jobs').select(['jobs.id', 'jobs.state', 'jobs.cancel_requested_at']),
    bounds.scope,
    filter,
  );
  if (dryRun && asked.ids === undefined) {
    const { matched, cancelling } = await query
      .clearSelect()
      .select([
        sql<number>`count(*)::int`.as('matched'),
        sql<number>`(count(*) filter (where jobs.cancel_requested_at is not null
          and jobs.state <> all(${finalStates}::text[])))::int`.as('cancelling'),
      ])
      .executeTakeFirstOrThrow();
    return { jobs: [], missing: [], matched, cancelling };
  }
  const rows = await query
    .orderBy('jobs.id')
    .limit(bounds.most + 1)
    .execute();
  if (rows.length > bounds.most) {
    throw new Problem(
      'selection_too_large',
      `more than ${bounds.most} jobs match (limit ${bounds.most} at a time)`,
    );
  }
  const found = new Set(rows.map(({ id }) => id));
  const missing = (asked.ids ?? []).filter((id) => !found.has(id));
  return { jobs: rows, missing, matched: rows.length };
}

type Change = Pick<BulkResult, 'status'> & Partial<BulkResult>;

/** One after the other: many at once would only wait for each other's locks. */
async function eachJob(
  { jobs, missing }: Selected,
  change: (job: SelectedJob) => Change | Promise<Change>,
): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  for (const job of jobs) {
    try {
      results.push({ id: job.id, job: null, problem: null, ...(await change(job)) });
    } catch (error) {
      results.push(failed(job.id, error));
    }
  }
  for (const id of missing) {
    results.push(failed(id, new Problem('not_found', `there is no job ${id} that you can change`)));
  }
  return results;
}

function failed(id: string, error: unknown): BulkResult {
  const problem = asProblem(error);
  // An unexpected error ends the whole call; earlier changes remain.
  if (problem === undefined) throw error;
  const { code, message } = problem;
  return { id, status: 'failed', job: null, problem: { code, detail: message } };
}

function summarize(ask: Selection, selected: Selected, results: readonly BulkResult[]): BulkOutput {
  const { matched, cancelling } = selected;
  const count = (...statuses: BulkResult['status'][]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  return {
    dryRun: ask.dryRun,
    matched,
    changed:
      cancelling === undefined
        ? count('cancelled', 'cancelling', 'resubmitted')
        : matched - cancelling,
    unchanged: cancelling ?? count('unchanged'),
    failed: count('failed'),
    results: [...results],
  };
}
