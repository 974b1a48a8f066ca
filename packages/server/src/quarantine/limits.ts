/** Limits of the quarantine and of actions on registries. */
import { units } from '@lazaret/protocol/units';

const { minuteMs, hourMs } = units;

export const actionLimits = {
  /** How often the loop looks for actions. */
  loopMs: 1_000,
  atOnce: 4,
  leaseMs: 30_000,
  leaseRenewMs: 5_000,
  /** Runs of an action whose registry cannot be used. */
  attempts: 8,
  backoffMs: 5_000,
  backoffMaxMs: 10 * minuteMs,
  /** Retries of one request; the action itself is repeated later. */
  requestRetries: 2,
  requestsAtOnce: 6,
  /** Manifests of one image with its indexes and referrers. */
  manifests: 2_000,
  /** Tags of a repository that are compared with the digest. */
  tags: 100_000,
  indexDepth: 4,
  /** How often a manifest is looked for that the registry said it deleted. */
  deletionChecks: 4,
  deletionCheckMs: 250,
  /** How long a request waits for the registry to answer what would change. */
  planMs: minuteMs,
  /** Stored content of that age may be in an upload whose rows are not written yet. */
  sweepGraceMs: hourMs,
  /** Shorter than the time after which a loop counts as stalled. */
  sweepMs: 5_000,
  sweptAtOnce: 500,
  /** Decisions whose actions are recorded in one transaction. */
  effectsAtOnce: 100,
  /** Removals an hour without a person, of a decision that names no limit. */
  perHour: 10,
  detailChars: 1_000,
  missingListed: 20,
  /** How long an approved action may wait before no process seems to run actions. */
  unattendedMs: 2 * minuteMs,
  /** The part of the space that may be used before `lazaret status` says so. */
  spaceWarning: 0.9,
} as const;
