/** The actions for the routes of jobs and the legacy API. */
import {
  asProblem,
  isFinal,
  Problem,
  type Job,
  type JobDetail,
  type JobSubmission,
  type ProblemField,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { storeUpload, type ArtifactParts } from '../artifacts/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { readIdempotencyKey, type CallContext, type OutgoingEvent } from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import {
  chooseProject,
  forbidden,
  projectsWith,
  type Principal,
  type ProjectScope,
} from '../floor/principal.ts';
import { readLog } from './attempt-log.ts';
import { cancelJob } from './cancel.ts';
import { followJob } from './follow.ts';
import { readJob, readJobSummary } from './read.ts';
import { checkBareUpload, checkEnabled, submitJob, type RunnableEngine } from './submit.ts';

export interface JobParts extends ArtifactParts {
  readonly database: Kysely<Database>;
  /** The current revision of the engine, or an earlier one. Throws not_found. */
  readonly findEngine: (name: string, revision?: number) => Promise<RunnableEngine>;
  readonly checkParameters: (
    engine: RunnableEngine,
    parameters: Readonly<Record<string, unknown>>,
  ) => ProblemField[];
  /** Called after a job was submitted or cancelled. */
  readonly onQueue: () => void;
  /** Resolves when the job may have changed, after the polling period, or on the signal. */
  readonly changed: (job: string, signal: AbortSignal) => Promise<void>;
}

export async function submit(
  parts: JobParts,
  submission: JobSubmission,
  options: { readonly context: CallContext; readonly revision?: number; readonly rerunOf?: string },
): Promise<JobDetail> {
  const { principal, headers } = options.context;
  const project = chooseProject(principal, 'jobs.submit', submission.project);
  const engine = await parts.findEngine(submission.engine, options.revision);
  const key = readIdempotencyKey(headers['idempotency-key']);
  const id = await submitJob(submission, {
    database: parts.database,
    engine,
    project,
    actor: principal.name,
    checkParameters: (parameters) => parts.checkParameters(engine, parameters),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(options.rerunOf === undefined ? {} : { rerunOf: options.rerunOf }),
  });
  parts.onQueue();
  parts.onEvents();
  // A caller who may submit but not read still gets the submitted job.
  return readJob(parts.database, [project], id);
}

/** One upload, one job, as in the legacy API; checked before the first byte is read. */
export async function submitUpload(
  parts: JobParts,
  ask: { readonly engine: string; readonly name: string | undefined },
  context: CallContext,
): Promise<JobDetail> {
  const { principal } = context;
  const project = chooseProject(principal, 'jobs.submit', undefined);
  const engine = await parts.findEngine(ask.engine);
  checkEnabled(engine);
  checkBareUpload(engine, parts.checkParameters(engine, {}));
  readIdempotencyKey(context.headers['idempotency-key']);
  const artifact = await storeUpload(await context.upload(), {
    database: parts.database,
    blobs: parts.blobs,
    project,
    name: ask.name,
    fallbackName: engine.manifest.input.name,
    actor: principal.name,
    maxBytes: engine.manifest.input.maxBytes,
  });
  const submission: JobSubmission = {
    engine: ask.engine,
    project,
    inputs: [{ sha256: artifact.sha256, name: artifact.name }],
    parameters: {},
    tags: [],
    priority: 0,
  };
  return submit(parts, submission, { context });
}

export async function cancel(parts: JobParts, id: string, principal: Principal): Promise<Job> {
  const scope = projectsWith(principal, 'jobs.control');
  const job = await findControlled(parts, id, { principal, scope });
  await cancelJob(parts.database, job.id, principal.name);
  parts.onQueue();
  parts.onEvents();
  return readJobSummary(parts.database, scope, id);
}

/**
 * A job that can be seen but not controlled is forbidden; one that is not visible does not exist.
 */
async function findControlled(
  parts: JobParts,
  id: string,
  who: { readonly principal: Principal; readonly scope: ProjectScope },
): Promise<Job> {
  try {
    return await readJobSummary(parts.database, who.scope, id);
  } catch (error) {
    if (asProblem(error)?.code !== 'not_found') throw error;
    const readable = projectsWith(who.principal, 'jobs.read');
    const visible = await readJobSummary(parts.database, readable, id);
    throw forbidden(who.principal, 'jobs.control', visible.project);
  }
}

export async function rerun(
  parts: JobParts,
  ask: { readonly id: string; readonly sameRevision: boolean },
  context: CallContext,
): Promise<JobDetail> {
  const scope = projectsWith(context.principal, 'jobs.read');
  const earlier = await readJob(parts.database, scope, ask.id);
  const submission: JobSubmission = {
    engine: earlier.engine,
    project: earlier.project,
    inputs: earlier.inputs.map(({ name, sha256 }) => ({ name, sha256 })),
    parameters: earlier.parameters,
    tags: earlier.tags,
    priority: earlier.priority,
    timeLimit: earlier.timeLimitMs / 1_000,
    queueTimeLimit: earlier.queueTimeLimitMs / 1_000,
  };
  return submit(parts, submission, {
    context,
    rerunOf: earlier.id,
    ...(ask.sameRevision ? { revision: earlier.engineRevision } : {}),
  });
}

/** The job once it has ended, or its state after the given time. */
export async function showJob(
  parts: JobParts,
  ask: { readonly id: string; readonly waitSeconds: number },
  context: CallContext,
): Promise<JobDetail> {
  const scope = projectsWith(context.principal, 'jobs.read');
  if (ask.waitSeconds > 0) {
    await longPoll({
      read: () => readJobSummary(parts.database, scope, ask.id),
      isSettled: (job) => isFinal(job.state),
      changed: (signal) => parts.changed(ask.id, signal),
      waitMs: ask.waitSeconds * 1_000,
      signal: context.signal,
    });
  }
  return readJob(parts.database, scope, ask.id);
}

interface LogQuery {
  readonly attempt?: number | undefined;
  readonly stream?: 'stdout' | 'stderr' | undefined;
}

/** The complete log as text, read in chunks. */
export async function openLog(
  parts: JobParts,
  ask: LogQuery & { readonly id: string },
  context: CallContext,
): Promise<AsyncIterable<string>> {
  const job = await readJob(parts.database, projectsWith(context.principal, 'jobs.read'), ask.id);
  const attempt = ask.attempt ?? job.attempts;
  const chosen = job.attemptList.find((one) => one.number === attempt);
  if (ask.attempt !== undefined && chosen === undefined) {
    throw new Problem('not_found', `the job ${ask.id} has no attempt ${ask.attempt}`);
  }
  return streamLog(parts.database, {
    job: ask.id,
    attempt,
    stream: ask.stream,
    mark: chosen?.logTruncated === true ? '\n[the log was truncated here at its limit]\n' : '',
  });
}

async function* streamLog(
  database: Kysely<Database>,
  ask: {
    readonly job: string;
    readonly attempt: number;
    readonly stream: LogQuery['stream'];
    readonly mark: string;
  },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let after: { attempt: number; number: number } | undefined;
  for (;;) {
    const chunks = await readLog(database, { ...ask, after });
    for (const chunk of chunks) yield decoder.decode(chunk.bytes, { stream: true });
    const last = chunks.at(-1);
    if (last === undefined) break;
    after = { attempt: last.attempt, number: last.number };
  }
  yield decoder.decode() + ask.mark;
}

export async function follow(
  parts: JobParts,
  ask: LogQuery & { readonly id: string },
  context: CallContext,
): Promise<AsyncIterable<OutgoingEvent>> {
  const { signal, headers } = context;
  // The permissions of the caller may change while the stream is running.
  const read = (): Promise<Job> =>
    readJobSummary(parts.database, projectsWith(context.principal, 'jobs.read'), ask.id);
  await read();
  const resume = headers['last-event-id'];
  return followJob({
    readJob: read,
    readLog: (after) =>
      readLog(parts.database, { job: ask.id, attempt: ask.attempt, stream: ask.stream, after }),
    changed: () => parts.changed(ask.id, signal),
    signal,
    resume: typeof resume === 'string' ? resume : undefined,
  });
}
