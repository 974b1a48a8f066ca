/** Operations on many jobs at once, chosen by ids or by the filter of the list. */
import { z } from 'zod';

import { identifier } from '../core/fields.ts';
import { defineOperation } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { jobFilter } from './filter.ts';

const filterFields = Object.keys(jobFilter);

/** Selects jobs by ID, or all that match the filter and are not newer than `notAfter`. */
const jobSelection = z.object({
  ids: z.array(identifier).min(1).max(limits.bulkJobIds).optional().describe('IDs of the jobs'),
  ...jobFilter,
  notAfter: identifier.optional().describe('Only jobs submitted up to and including this one'),
  every: z
    .boolean()
    .default(false)
    .describe('All jobs that the operation applies to; required without IDs and without a filter'),
  dryRun: z
    .boolean()
    .default(false)
    .describe(
      'Report what would change without changing it; whether an engine accepts the inputs of a ' +
        'rerun is not checked',
    ),
});

type Selection = Readonly<Record<string, unknown>>;

/** An empty selection must not select all jobs. */
const isSelective = (selection: Selection): boolean =>
  selection['every'] === true ||
  ['ids', ...filterFields].some((field) => selection[field] !== undefined);
const notSelective = {
  message: 'expected ids, a filter, or every=true to select all jobs',
};

/**
 * Refuses empty filters, as sent by a script with an unset variable: an empty text is part of
 * every name, so it would select all jobs.
 */
function refuseEmptyFilters(selection: Selection, context: z.RefinementCtx): void {
  for (const field of filterFields) {
    if (!isEmpty(selection[field])) continue;
    const message = 'expected a value, received an empty one';
    context.addIssue({ code: 'custom', path: [field], message });
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'string' ? value.trim() === '' : Array.isArray(value) && !value.length;
}

export const bulkResult = z.object({
  id: identifier,
  status: z
    .enum(['cancelled', 'cancelling', 'resubmitted', 'unchanged', 'failed'])
    .describe('`unchanged`: the job had already ended, or its cancellation was already requested'),
  job: identifier.nullable().describe('ID of the new job'),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
});
export type BulkResult = z.output<typeof bulkResult>;

const bulkOutput = z.object({
  dryRun: z.boolean(),
  matched: z.number().int().describe('Number of selected jobs'),
  changed: z.number().int().describe('Jobs that were changed, or would be in a dry run'),
  unchanged: z.number().int().describe('Jobs that are not changed'),
  failed: z.number().int().describe('Jobs that cannot be changed; `problem` says why'),
  results: z
    .array(bulkResult)
    .describe('One result per job in order of submission; empty in a dry run by filter'),
});
export type BulkOutput = z.output<typeof bulkOutput>;

export const bulkJobOperations = {
  cancelMany: defineOperation({
    name: 'jobs.cancelMany',
    method: 'POST',
    path: '/api/v1/jobs/cancel',
    summary: 'Cancel all active jobs that match a filter, or the jobs with the given ids',
    description:
      `At most ${limits.bulkCancelJobs} jobs at a time; more are refused and nothing is changed. ` +
      'Each job is cancelled separately: the response has one result for each.',
    access: 'jobs.control',
    body: jobSelection.refine(isSelective, notSelective).superRefine(refuseEmptyFilters),
    output: bulkOutput,
    errors: ['selection_too_large'],
  }),
  rerunMany: defineOperation({
    name: 'jobs.rerunMany',
    method: 'POST',
    path: '/api/v1/jobs/rerun',
    summary: 'Resubmit all ended jobs that match a filter, or the jobs with the given ids',
    description:
      `At most ${limits.bulkRerunJobs} jobs at a time; more are refused and nothing is submitted. ` +
      'Each job is submitted separately: the response has one result for each.',
    access: 'jobs.submit',
    body: jobSelection
      .extend({
        sameRevision: z
          .boolean()
          .default(false)
          .describe('Use the same engine revision instead of the current one'),
      })
      .refine(isSelective, notSelective)
      .superRefine(refuseEmptyFilters),
    output: bulkOutput,
    errors: ['selection_too_large'],
  }),
} as const;
