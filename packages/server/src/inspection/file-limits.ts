/** Limits of files that are read from images. */
import { units } from '@lazaret/protocol/units';

const { GiB, minuteMs } = units;

export const fileLimits = {
  findings: 100,
  /** Locations, and references of each, that are tried for the content of a file. */
  sourcesTried: 5,
  /** Contents that are read from images at a time. */
  readsAtOnce: 2,
  readsWaiting: 16,
  readMs: 10 * minuteMs,
  /** Contents that stay open for the next preview or download. */
  cachedReads: 8,
  cachedBytes: 1 * GiB,
  cachedMs: 5 * minuteMs,
} as const;
