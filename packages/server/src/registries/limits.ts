/** Limits of watching registries. */
import { units } from '@lazaret/protocol/units';

const { MiB, minuteMs, hourMs } = units;

export const watchLimits = {
  /** How often the loops of a watcher look for work. */
  watchMs: 1_000,
  /** Those that wait for the rate of their registry included. */
  pollsAtOnce: 32,
  repositoriesAtOnce: 4,
  requestsAtOnce: 6,
  /** Retries of one request; the poll itself is repeated later. */
  requestRetries: 2,
  leaseMs: 30_000,
  leaseRenewMs: 5_000,
  /** Tags whose changes are written in one transaction. */
  tagsPerBatch: 200,
  /** Images of a repository whose creation time is read at first sight, to find the newest. */
  createdReads: 200,
  /** Unreachable repositories in a row after which a poll gives up. */
  failuresInRow: 3,
  /** Failed polls in a row after which nothing is requested from a registry but polls. */
  failuresToOpen: 3,
  backoffMs: 5_000,
  backoffMaxMs: 1 * hourMs,
  /** Random part of the poll interval, in both directions. */
  pollJitter: 0.1,
  verifiesAtOnce: 50,
  /** Of one reported deletion; the next poll finds the others. */
  deletedTags: 1_000,
  /** Of arrivals or changes of tags in one statement of a sweep. */
  sweepRows: 1_000,
  sweepMs: 6 * 60 * 60 * 1_000,
  verifyAttempts: 5,
  verifyRetryMs: 10_000,
  /** Inspections that may wait or run at a time, by priority. */
  inspectingGate: 200,
  inspectingWebhook: 200,
  inspectingPoll: 100,
  inspectingBacklog: 20,
  settledAtOnce: 1_000,
  inspectionAttempts: 5,
  inspectionRetryMs: 30_000,
  inspectionRetryMaxMs: 1 * hourMs,
  repositoryFileBytes: 1 * MiB,
  secretFileBytes: 1 * MiB,
  detailChars: 1_000,
  checkMs: 1 * minuteMs,
  missingListed: 20,
  /** How long a due registry may wait for a watcher. */
  unwatchedMs: 2 * minuteMs,
} as const;
