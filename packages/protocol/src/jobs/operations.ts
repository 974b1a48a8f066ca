/** Operations on jobs. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { previewDescription } from '../artifacts/preview.ts';
import {
  identifier,
  identifierPrefix,
  page,
  paging,
  queryBoolean,
  queryList,
  textOfBytes,
  timestamp,
} from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { severity } from '../reports/finding.ts';
import { bulkJobOperations } from './bulk.ts';
import { jobFilter, jobOrder } from './filter.ts';
import { jobFindings } from './findings.ts';
import { job, jobDetail, jobSubmission, logChunk } from './model.ts';
import { jobStates } from './states.ts';
import { limits } from '../limits.ts';

const byId = z.object({ id: identifier.describe('ID of the job') });

const logQuery = {
  attempt: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Number of the attempt (default: the last)'),
  stream: z.enum(['stdout', 'stderr']).optional().describe('Only this stream (default: both)'),
} as const;

export const jobTags = {
  jobs: {
    title: 'Jobs',
    description: 'Runs of an engine over inputs: submit, follow, cancel, rerun.',
  },
} as const satisfies Record<string, OperationTag>;

export const jobs = {
  submit: defineOperation({
    name: 'jobs.submit',
    method: 'POST',
    path: '/api/v1/jobs',
    summary: 'Submit a job with uploaded artifacts',
    description: 'With an `Idempotency-Key` header, a repeated submission returns the first job.',
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
    summary: 'List jobs, newest first by default; pages stay stable while new jobs arrive',
    access: 'jobs.read',
    query: z.object({
      ...paging,
      ...jobFilter,
      ...jobOrder,
      id: identifierPrefix.optional().describe('Only jobs whose ID starts with this'),
    }),
    output: page(job),
    cli: {
      command: 'jobs list',
      columns: [
        ...['id', 'engine', 'state', 'inputs', 'submittedBy', 'createdAt', 'node'],
        'outcome.code',
      ],
    },
  }),
  count: defineOperation({
    name: 'jobs.count',
    method: 'GET',
    path: '/api/v1/jobs/counts',
    summary: 'Count jobs by engine and state; with `after`, only jobs newer than that one',
    access: 'jobs.read',
    query: z.object({
      ...jobFilter,
      after: identifier.optional().describe('Only jobs newer than this one'),
    }),
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
    summary: 'Count submitted and finished jobs per hour, by state',
    access: 'jobs.read',
    query: z.object({
      project: projectName.optional().describe('Project'),
      hours: z.coerce
        .number()
        .int()
        .min(1)
        .max(168)
        .default(24)
        .describe('Number of hours up to now'),
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
    summary: 'Show a job with its attempts, artifacts and history',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      waitSeconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(50)
        .default(0)
        .describe('Wait up to this many seconds for the job to end'),
    }),
    output: jobDetail,
    errors: ['not_found'],
    cli: { command: 'jobs show', shortcuts: ['job'] },
  }),
  cancel: defineOperation({
    name: 'jobs.cancel',
    method: 'POST',
    path: '/api/v1/jobs/:id/cancel',
    summary: 'Cancel a job and kill its container; no effect if it has already ended',
    access: 'jobs.control',
    params: byId,
    output: job,
    errors: ['not_found'],
    cli: { command: 'jobs cancel', shortcuts: ['cancel'] },
  }),
  rerun: defineOperation({
    name: 'jobs.rerun',
    method: 'POST',
    path: '/api/v1/jobs/:id/rerun',
    summary: 'Run a job again as a new job, with the current or the same engine revision',
    access: 'jobs.submit',
    status: 201,
    params: byId,
    body: z.object({
      sameRevision: z
        .boolean()
        .default(false)
        .describe('Use the same engine revision instead of the current one'),
    }),
    output: jobDetail,
    errors: ['not_found', 'engine_disabled'],
    cli: { command: 'jobs rerun', shortcuts: ['rerun'] },
  }),
  log: defineOperation({
    name: 'jobs.log',
    method: 'GET',
    path: '/api/v1/jobs/:id/log',
    summary: 'Show the log of an attempt as plain text (default: the last attempt)',
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
    summary: 'Stream the log and state changes of a job until it ends',
    description:
      'Events: `log` (a chunk of the log), `job` (the job after a change of state), `end` (end of the stream). `Last-Event-ID` resumes.',
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
    summary: 'Download the result file, or one artifact by path',
    description: previewDescription,
    access: 'jobs.read',
    params: byId,
    query: z.object({
      path: textOfBytes(limits.pathBytes)
        .optional()
        .describe('Path of an artifact to download instead of the result'),
      preview: queryBoolean
        .default(false)
        .describe('Return a preview of the content instead of a download'),
    }),
    outputKind: 'bytes',
    errors: ['not_found', 'no_result', 'range_not_satisfiable', 'blob_damaged'],
  }),
  findings: defineOperation({
    name: 'jobs.findings',
    method: 'GET',
    path: '/api/v1/jobs/:id/findings',
    summary: 'List the findings that the engine wrote to `findings.json`, most severe first',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      ...paging,
      severity: queryList(severity).optional().describe('Only findings of this severity'),
      text: z
        .string()
        .max(limits.textFilterChars)
        .optional()
        .describe('Part of a rule, message, evidence or path, case-insensitive'),
    }),
    output: jobFindings,
    errors: ['not_found', 'blob_damaged'],
    cli: {
      command: 'jobs findings',
      columns: ['severity', 'rule', 'message', 'path', 'offset'],
    },
  }),
  ...bulkJobOperations,
} as const;
