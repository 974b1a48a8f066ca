/** Limits of the cache of analysis. */
import { units } from '@lazaret/protocol/units';

const { GiB } = units;

export const cacheLimits = {
  busyMs: 5_000,
  /**
   * Two changes of a file within this time may have the same timestamp, on the coarsest file
   * systems.
   */
  fileTimeTickMs: 2_000,
  partBytes: 1 * GiB,
  /** Verdicts of contents that are written in one transaction. */
  verdictsPerWrite: 200,
} as const;
