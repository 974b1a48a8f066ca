/** Operations on jobs. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, page, paging, queryList, timestamp } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { severity } from '../reports/finding.ts';
import { bulkJobOperations } from './bulk.ts';
import { jobFilter, jobOrder } from './filter.ts';
import { jobFindings } from './findings.ts';
import { job, jobDetail, jobSubmission, logChunk } from './model.ts';
import { jobStates } from './states.ts';
import { limits } from '../limits.ts';

const byId = z.object({ id: identifier });

const logQuery = {
  attempt: z.coerce.number().int().min(1).optional(),
  stream: z.enum(['stdout', 'stderr']).optional(),
} as const;

export const jobTags = {
  jobs: {
    title: 'Jobs',
    description: 'One engine over its inputs: submit, follow, cancel, run again.',
  },
} as const satisfies Record<string, OperationTag>;

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
    summary: 'List jobs, newest first unless sorted; stable while new ones arrive',
    access: 'jobs.read',
    query: z.object({ ...paging, ...jobFilter, ...jobOrder }),
    output: page(job),
    cli: {
      command: 'jobs',
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
  findings: defineOperation({
    name: 'jobs.findings',
    method: 'GET',
    path: '/api/v1/jobs/:id/findings',
    summary: 'Findings that the engine left in `findings.json`, most severe first',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      ...paging,
      severity: queryList(severity).optional(),
      /** Part of a rule, message, evidence or path, in any case. */
      text: z.string().max(limits.textFilterChars).optional(),
    }),
    output: jobFindings,
    errors: ['not_found', 'blob_damaged'],
  }),
  ...bulkJobOperations,
} as const;
