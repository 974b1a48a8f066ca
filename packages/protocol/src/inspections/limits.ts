/** Limits of inspections. */
import { units } from '../core/units.ts';

const { GiB, hourMs } = units;

export const inspectionLimits = {
  referenceChars: 1_024,
  inspectParallelMax: 64,
  inspectionsAtOnceMax: 16,
  inspectionMs: 2 * hourMs,
  /** Below the longest time that the queue waits for the end of a task. */
  inspectionMsMax: 20 * hourMs,
  inspectionCacheBytes: 2 * GiB,
  inspectionCacheBytesMin: 1,
} as const;
