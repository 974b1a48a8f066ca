/** Limits of jobs. */
import { units } from '../core/units.ts';

export const jobLimits = {
  tagChars: 64,
  tagsPerJob: 32,
  bulkJobIds: 1_000,
  bulkCancelJobs: 10_000,
  bulkRerunJobs: 1_000,
  findingsBytes: 8 * units.MiB,
  findingsPerJob: 20_000,
} as const;
