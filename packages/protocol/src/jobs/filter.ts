/** Filters and sort keys of job lists. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, queryList, sha256 } from '../core/fields.ts';
import { engineName } from '../engines/manifest.ts';
import { limits } from '../limits.ts';
import { jobStates } from './states.ts';

export const jobFilter = {
  project: projectName.optional().describe('Only jobs of this project'),
  engine: queryList(engineName).optional().describe('Only jobs of this engine'),
  state: queryList(z.enum(jobStates)).optional().describe('Only jobs in this state'),
  tag: line(limits.tagChars).optional().describe('Only jobs with this tag'),
  submittedBy: z
    .string()
    .max(limits.nameChars)
    .optional()
    .describe('Only jobs submitted by this user'),
  node: z.string().max(limits.nameChars).optional().describe('Only jobs on this node'),
  sha256: sha256.optional().describe('Only jobs with an input of this SHA-256'),
  text: line(limits.textFilterChars)
    .optional()
    .describe('Part of the file name of an input, or of a tag'),
} as const;

export const jobSorts = [
  'createdAt',
  'finishedAt',
  'duration',
  'engine',
  'state',
  'submittedBy',
  'priority',
] as const;
export type JobSort = (typeof jobSorts)[number];

/** Jobs without the value, such as those that have not ended, come last in either order. */
export const jobOrder = {
  sort: z
    .enum(jobSorts)
    .default('createdAt')
    .describe('Sort by this field (default: newest first)'),
  order: z.enum(['asc', 'desc']).default('desc').describe('Ascending or descending'),
} as const;
