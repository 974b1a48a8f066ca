/** Limits of notifications. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs, hourMs, dayMs } = units;
const secondMs = 1_000;

export const notificationLimits = {
  targets: 200,
  /** Of one target; the oldest become dead letters when there are more. */
  queuedPerTarget: 10_000,
  pollMs: secondMs,
  targetsAtOnce: 16,
  /** Deliveries of one target before it gives way to others. */
  deliveriesPerTurn: 100,
  /** Events in one mail, or appended to a file at once. */
  eventsPerDigest: 200,
  /** Of one attempt, from the name of the host to the end of the answer. */
  attemptMs: 15 * secondMs,
  /** Longer than an attempt, which extends it; what a killed process sends to waits for it. */
  leaseMs: 25 * secondMs,
  eventsFile: 'events.ndjson',
  answerBytes: 16 * KiB,
  /** Of an answer or an error in a reason. */
  reasonChars: 500,
  secretBytes: 64 * KiB,
  authorityBytes: 1 * MiB,
  retryInitialMs: 5 * secondMs,
  retryMaxMs: hourMs,
  /** What a receiver may ask for with Retry-After. */
  retryAfterMsMax: dayMs,
  attempts: 12,
  /** Age at which what waits becomes a dead letter. */
  queuedDays: 3,
  /** Failures in a row, over at least this time, after which a target is paused. */
  pauseFailures: 24,
  pauseMs: 12 * hourMs,
  sweepMs: 5 * minuteMs,
  sweepRows: 10_000,
  deliveredDays: 7,
  deliveredPerTarget: 5_000,
  deadDays: 30,
  deadPerTarget: 5_000,
  /** Dead letters are mentioned in the status of the system for this long. */
  deadMentionedMs: dayMs,
  /** How long what is due may wait for a process that sends. */
  unsentMs: 2 * minuteMs,
  missingListed: 20,
  fieldsListed: 30,
  fieldChars: 300,
  subjectChars: 150,
} as const;
