/** Filters and sort keys of job lists. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, queryList, sha256 } from '../core/fields.ts';
import { engineName } from '../engines/manifest.ts';
import { limits } from '../limits.ts';
import { jobStates } from './states.ts';

export const jobFilter = {
  project: projectName.optional(),
  engine: queryList(engineName).optional(),
  state: queryList(z.enum(jobStates)).optional(),
  tag: line(limits.tagChars).optional(),
  submittedBy: z.string().max(limits.nameChars).optional(),
  node: z.string().max(limits.nameChars).optional(),
  sha256: sha256.optional(),
  /** Part of the file name of an input, or of a tag. */
  text: line(limits.textFilterChars).optional(),
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
  sort: z.enum(jobSorts).default('createdAt'),
  order: z.enum(['asc', 'desc']).default('desc'),
} as const;
