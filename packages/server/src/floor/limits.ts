/** Limits that several parts of the server share. */
import { units } from '@lazaret/protocol/units';

const { minuteMs } = units;

export const serverLimits = {
  uploadIdleMs: 30_000,
  requestsPerMinute: 6_000,
  projects: 1_000,
  nodes: 1_000,
  registriesMeasured: 1_000,
  hooksMeasured: 1_000,
  notificationTargetsMeasured: 1_000,
  leaseMs: 30_000,
  schedulerPollMs: 1_000,
  collectMs: 10 * minuteMs,
  eventBatch: 500,
  eventPollMs: 1_000,
  /** Rest of a reader of events, which then handles together what happened meanwhile. */
  readerSpacingMs: 50,
  /** Rest of the other loops that are woken often. */
  loopSpacingMs: 25,
  shutdownMs: 15_000,
  readinessMs: 2_000,
  readinessShareMs: 1_000,
  missingPartsListed: 50,
} as const;

/** Upper bounds, in seconds, of the time from the receipt of a notification to its end. */
export const hookDurationBuckets = [
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
] as const;
