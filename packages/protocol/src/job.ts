/** Job: one engine over its inputs; its attempts, its history, and the operations on jobs. */
import { z } from 'zod';

import { projectName } from './access.ts';
import { engineName } from './engine.ts';
import {
  fileName,
  identifier,
  line,
  page,
  paging,
  queryList,
  sha256,
  timestamp,
} from './fields.ts';
import { limits } from './limits.ts';
import { defineOperation } from './operation.ts';
import { durationSeconds } from './quantity.ts';

export const jobStates = [
  'queued',
  'placed',
  'starting',
  'running',
  'collecting',
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
] as const;
export type JobState = (typeof jobStates)[number];

/** States that a job never leaves. */
export const finalStates = ['succeeded', 'failed', 'timed_out', 'cancelled'] as const;
export type FinalState = (typeof finalStates)[number];

export function isFinal(state: JobState): state is FinalState {
  return (finalStates as readonly JobState[]).includes(state);
}

/**
 * What an attempt or a job came to. `class` decides who may try again: interrupted attempts always
 * are, and do not count as failures.
 */
export const outcomeCodes = {
  succeeded: { class: 'success', title: 'Succeeded' },
  exit_code: { class: 'workload', title: 'The engine ended with a failure code' },
  out_of_memory: { class: 'workload', title: 'The engine needed more memory than its limit' },
  process_limit: { class: 'workload', title: 'The engine ran into its limit of processes' },
  disk_limit: { class: 'workload', title: 'The engine wrote more than its disk limit' },
  output_limit: { class: 'workload', title: 'The result is larger than its limit' },
  output_refused: {
    class: 'workload',
    title: 'The result holds links, devices or forbidden paths',
  },
  no_result: { class: 'workload', title: 'The engine left no result' },
  empty_result: { class: 'workload', title: 'The result is empty' },
  invalid_result: { class: 'workload', title: 'The result is not of the declared type' },
  time_limit: { class: 'workload', title: 'The engine ran past its time limit' },
  queue_time_limit: { class: 'permanent', title: 'The job waited past its queue time limit' },
  cancelled: { class: 'permanent', title: 'Cancelled' },
  impossible: { class: 'permanent', title: 'No configured node could ever hold the job' },
  engine_missing: { class: 'permanent', title: 'The engine is gone' },
  image_missing: { class: 'platform', title: 'The node could not get the image' },
  start_failed: { class: 'platform', title: 'The container could not be started' },
  containment_mismatch: {
    class: 'platform',
    title: 'The container engine did not apply the containment that was asked for',
  },
  input_missing: { class: 'permanent', title: 'An input is gone from the blob store' },
  node_error: { class: 'platform', title: 'The container engine failed' },
  lost: { class: 'platform', title: 'The attempt was lost with its worker, node or container' },
  stopped: { class: 'interrupted', title: 'Lazaret was stopped while the attempt ran' },
} as const satisfies Record<
  string,
  { class: 'success' | 'workload' | 'platform' | 'interrupted' | 'permanent'; title: string }
>;
export type OutcomeCode = keyof typeof outcomeCodes;
const outcomeCode = z.enum(Object.keys(outcomeCodes) as [OutcomeCode, ...OutcomeCode[]]);

export const outcome = z.object({ code: outcomeCode, detail: z.string() });
export type Outcome = z.output<typeof outcome>;

/** Something that containment met during an attempt, whatever the outcome. */
export const observationCodes = [
  'memory_limit',
  'process_limit',
  'disk_limit',
  'log_truncated',
  'killed_after_grace',
  'output_refused',
  'output_truncated',
  'output_names_escaped',
  'adopted_after_restart',
] as const;
export const observation = z.object({ code: z.enum(observationCodes), detail: z.string() });
export type Observation = z.output<typeof observation>;

/** Phases of an attempt in milliseconds; null where the attempt did not get so far. */
export const telemetry = z.object({
  waitMs: z.number().nullable(),
  pullMs: z.number().nullable(),
  createMs: z.number().nullable(),
  inputMs: z.number().nullable(),
  startMs: z.number().nullable(),
  runMs: z.number().nullable(),
  collectMs: z.number().nullable(),
  removeMs: z.number().nullable(),
  /** Highest memory seen by sampling; very short runs may end before the first sample. */
  peakMemoryBytes: z.number().nullable(),
  cpuSeconds: z.number().nullable(),
  exitCode: z.number().nullable(),
  outOfMemory: z.boolean().nullable(),
});
export type Telemetry = z.output<typeof telemetry>;

export const attempt = z.object({
  id: identifier,
  number: z.number().int(),
  state: z.enum(jobStates),
  node: z.string(),
  /** The image that really ran. */
  imageDigest: z.string(),
  engineRevision: z.number().int(),
  outcome: outcome.nullable(),
  observations: z.array(observation),
  telemetry,
  /** What the container engine reported back after creation. */
  containment: z.record(z.string(), z.unknown()).nullable(),
  logBytes: z.number().int(),
  logTruncated: z.boolean(),
  placedAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
});
export type Attempt = z.output<typeof attempt>;

/** One move of a job, never changed and never removed. */
export const historyEntry = z.object({
  at: timestamp,
  state: z.enum(jobStates),
  attempt: z.number().int().nullable(),
  /** Who or what caused it: a user, `scheduler`, `worker`. */
  cause: z.string(),
  detail: z.string(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

const jobInput = z.object({ name: z.string(), sha256, sizeBytes: z.number().int() });

export const jobArtifact = z.object({
  path: z.string(),
  sha256,
  sizeBytes: z.number().int(),
  attempt: z.number().int(),
  /** The one file that the manifest calls the result. */
  primary: z.boolean(),
});
export type JobArtifact = z.output<typeof jobArtifact>;

export const job = z.object({
  id: identifier,
  project: projectName,
  engine: z.string(),
  engineRevision: z.number().int(),
  state: z.enum(jobStates),
  /** Why a queued job waits. */
  waitReason: z.string().nullable(),
  outcome: outcome.nullable(),
  inputs: z.array(jobInput),
  tags: z.array(z.string()),
  priority: z.number().int(),
  submittedBy: z.string(),
  attempts: z.number().int(),
  node: z.string().nullable(),
  rerunOf: identifier.nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
});
export type Job = z.output<typeof job>;

export const jobDetail = job.extend({
  parameters: z.record(z.string(), z.unknown()),
  timeLimitMs: z.number().int(),
  queueTimeLimitMs: z.number().int(),
  artifacts: z.array(jobArtifact),
  attemptList: z.array(attempt),
  history: z.array(historyEntry),
});
export type JobDetail = z.output<typeof jobDetail>;

const tag = line(limits.tagChars).min(1);

export const jobSubmission = z.object({
  engine: engineName,
  project: projectName.optional(),
  inputs: z
    .array(z.object({ sha256, name: fileName.optional() }))
    .max(limits.inputsPerJob)
    .default([]),
  parameters: z.record(z.string(), z.unknown()).default({}),
  tags: z.array(tag).max(limits.tagsPerJob).default([]),
  /** Higher goes first; within one priority the oldest goes first. */
  priority: z.number().int().min(-100).max(100).default(0),
  /** Shorter than the engine's own. */
  timeLimit: durationSeconds(100, limits.timeLimitMsMax).optional(),
  queueTimeLimit: durationSeconds(1_000, limits.queueTimeLimitMsMax).optional(),
});
export type JobSubmission = z.output<typeof jobSubmission>;

const byId = z.object({ id: identifier });
export const jobFilter = {
  project: projectName.optional(),
  engine: queryList(engineName).optional(),
  state: queryList(z.enum(jobStates)).optional(),
  tag: line(limits.tagChars).optional(),
  submittedBy: z.string().max(limits.nameChars).optional(),
  node: z.string().max(limits.nameChars).optional(),
  sha256: sha256.optional(),
  /** Part of an input's file name or of a tag. */
  text: line(limits.textFilterChars).optional(),
} as const;

/** One piece of a log as it is streamed. */
export const logChunk = z.object({
  attempt: z.number().int(),
  stream: z.enum(['stdout', 'stderr']),
  at: timestamp,
  /** UTF-8, with bytes that are none replaced; control characters are left in. */
  text: z.string(),
});
export type LogChunk = z.output<typeof logChunk>;

const logQuery = {
  attempt: z.coerce.number().int().min(1).optional(),
  stream: z.enum(['stdout', 'stderr']).optional(),
} as const;

export const jobs = {
  submit: defineOperation({
    name: 'jobs.submit',
    method: 'POST',
    path: '/api/v1/jobs',
    summary: 'Submit a job over artifacts that were uploaded',
    description:
      'An `Idempotency-Key` header makes a repeated submission answer with the first job.',
    access: 'jobs.submit',
    status: 201,
    body: jobSubmission,
    output: jobDetail,
    errors: [
      'not_found',
      'engine_disabled',
      'invalid_input',
      'invalid_parameters',
      'idempotency_conflict',
    ],
  }),
  list: defineOperation({
    name: 'jobs.list',
    method: 'GET',
    path: '/api/v1/jobs',
    summary: 'List jobs, newest first; stable while new ones arrive',
    access: 'jobs.read',
    query: z.object({ ...paging, ...jobFilter }),
    output: page(job),
    cli: {
      command: 'jobs',
      columns: ['id', 'engine', 'state', 'inputs', 'createdAt', 'node', 'outcome.code'],
    },
  }),
  count: defineOperation({
    name: 'jobs.count',
    method: 'GET',
    path: '/api/v1/jobs/counts',
    summary: 'Count jobs by engine and state; with `after`, only those newer than that job',
    access: 'jobs.read',
    query: z.object({ ...jobFilter, after: identifier.optional() }),
    output: z.object({
      total: z.number().int(),
      byState: z.record(z.enum(jobStates), z.number().int()),
      byEngine: z.record(z.string(), z.record(z.enum(jobStates), z.number().int())),
    }),
  }),
  activity: defineOperation({
    name: 'jobs.activity',
    method: 'GET',
    path: '/api/v1/jobs/activity',
    summary: 'Jobs that finished per hour, by state, for the trend of the overview',
    access: 'jobs.read',
    query: z.object({
      project: projectName.optional(),
      hours: z.coerce.number().int().min(1).max(168).default(24),
    }),
    output: z.object({
      hours: z.array(
        z.object({
          at: timestamp,
          submitted: z.number().int(),
          succeeded: z.number().int(),
          failed: z.number().int(),
          timed_out: z.number().int(),
          cancelled: z.number().int(),
        }),
      ),
    }),
  }),
  show: defineOperation({
    name: 'jobs.show',
    method: 'GET',
    path: '/api/v1/jobs/:id',
    summary: 'One job with its attempts, artifacts and history',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      /** Answer when the job has ended, or after so many seconds. */
      waitSeconds: z.coerce.number().int().min(0).max(50).default(0),
    }),
    output: jobDetail,
    errors: ['not_found'],
    cli: { command: 'job' },
  }),
  cancel: defineOperation({
    name: 'jobs.cancel',
    method: 'POST',
    path: '/api/v1/jobs/:id/cancel',
    summary: 'Cancel a job; kills its container at once; an ended job stays as it is',
    access: 'jobs.control',
    params: byId,
    output: job,
    errors: ['not_found'],
    cli: { command: 'cancel' },
  }),
  rerun: defineOperation({
    name: 'jobs.rerun',
    method: 'POST',
    path: '/api/v1/jobs/:id/rerun',
    summary: 'Submit the same again as a new job, with the present or the same engine revision',
    access: 'jobs.submit',
    status: 201,
    params: byId,
    body: z.object({ sameRevision: z.boolean().default(false) }),
    output: jobDetail,
    errors: ['not_found', 'engine_disabled'],
    cli: { command: 'rerun' },
  }),
  log: defineOperation({
    name: 'jobs.log',
    method: 'GET',
    path: '/api/v1/jobs/:id/log',
    summary: 'The log of an attempt (the last one unless named) as plain text',
    access: 'jobs.read',
    params: byId,
    query: z.object(logQuery),
    outputKind: 'text',
    errors: ['not_found'],
  }),
  follow: defineOperation({
    name: 'jobs.follow',
    method: 'GET',
    path: '/api/v1/jobs/:id/follow',
    summary: 'Follow a job live: its log and its moves, until it ends',
    description:
      'Events: `log` (a piece of the log), `job` (the job after a move), `end` (nothing follows). `Last-Event-ID` resumes.',
    access: 'jobs.read',
    params: byId,
    query: z.object(logQuery),
    outputKind: 'events',
    output: z.union([logChunk, job]),
    errors: ['not_found', 'too_many_requests'],
  }),
  result: defineOperation({
    name: 'jobs.result',
    method: 'GET',
    path: '/api/v1/jobs/:id/result',
    summary: 'Download the result file, or one artifact by its path',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      /** One artifact by its path instead of the result. */
      path: z.string().max(limits.pathBytes).optional(),
    }),
    outputKind: 'bytes',
    errors: ['not_found', 'no_result', 'blob_damaged'],
  }),
} as const;
