/** Job: one engine over its inputs; its attempts and its history. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { fileName, identifier, line, sha256, timestamp } from '../core/fields.ts';
import { durationSeconds } from '../core/quantity.ts';
import { engineName } from '../engines/manifest.ts';
import { observation, outcome } from './outcomes.ts';
import { jobStates } from './states.ts';
import { limits } from '../limits.ts';

/** Phases of an attempt in milliseconds; null for phases that it did not reach. */
export const telemetry = z.object({
  waitMs: z.number().nullable(),
  pullMs: z.number().nullable(),
  createMs: z.number().nullable(),
  inputMs: z.number().nullable(),
  startMs: z.number().nullable(),
  runMs: z.number().nullable(),
  collectMs: z.number().nullable(),
  removeMs: z.number().nullable(),
  peakMemoryBytes: z
    .number()
    .nullable()
    .describe('Peak memory usage by sampling; very short runs may end before the first sample'),
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
  imageDigest: z.string().describe('Digest of the image that ran'),
  engineRevision: z.number().int(),
  outcome: outcome.nullable(),
  observations: z.array(observation),
  telemetry,
  containment: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('Container settings as reported by the container engine after creation'),
  logBytes: z.number().int(),
  logTruncated: z.boolean(),
  placedAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
});
export type Attempt = z.output<typeof attempt>;

/** One state change of a job. Entries are never changed or removed. */
export const historyEntry = z.object({
  at: timestamp,
  state: z.enum(jobStates),
  attempt: z.number().int().nullable(),
  cause: z.string().describe('Who or what caused it: a user, `scheduler` or `worker`'),
  detail: z.string(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

const jobInput = z.object({ name: z.string(), sha256, sizeBytes: z.number().int() });

export const jobArtifact = z.object({
  path: z.string(),
  sha256,
  sizeBytes: z.number().int(),
  attempt: z.number().int(),
  primary: z.boolean().describe('Whether this is the result file that the manifest names'),
});
export type JobArtifact = z.output<typeof jobArtifact>;

export const job = z.object({
  id: identifier,
  project: projectName,
  engine: z.string(),
  engineRevision: z.number().int(),
  state: z.enum(jobStates),
  waitReason: z.string().nullable().describe('Why a queued job is waiting'),
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
  engine: engineName.describe('Name of the engine'),
  project: projectName.optional().describe('Project'),
  inputs: z
    .array(z.object({ sha256, name: fileName.optional() }))
    .max(limits.inputsPerJob)
    .default([])
    .describe('Input artifacts by SHA-256, with an optional file name'),
  parameters: z.record(z.string(), z.unknown()).default({}).describe('Parameters of the engine'),
  tags: z.array(tag).max(limits.tagsPerJob).default([]).describe('Tags of the job'),
  priority: z
    .number()
    .int()
    .min(-100)
    .max(100)
    .default(0)
    .describe('Higher values run first; jobs of the same priority run in order of submission'),
  timeLimit: durationSeconds(100, limits.timeLimitMsMax)
    .optional()
    .describe('Overrides the time limit of the engine with a shorter one'),
  queueTimeLimit: durationSeconds(1_000, limits.queueTimeLimitMsMax)
    .optional()
    .describe('Maximum time in the queue, for example `10m`'),
});
export type JobSubmission = z.output<typeof jobSubmission>;

/** One chunk of a log as it is streamed. */
export const logChunk = z.object({
  attempt: z.number().int(),
  stream: z.enum(['stdout', 'stderr']),
  at: timestamp,
  text: z
    .string()
    .describe('Text in UTF-8 with invalid bytes replaced; control characters are included'),
});
export type LogChunk = z.output<typeof logChunk>;
