/**
 * The state machine of a job, pure.
 *
 *   queued → placed → starting → running → collecting → succeeded | failed | timed_out | cancelled
 *
 * A job leaves placed, starting, running and collecting for `queued` again when an attempt failed
 * and another is due; every live state may end as cancelled, and as failed or timed_out. Final
 * states absorb: nothing leaves them, and asking for it is not an error but changes nothing.
 */
import {
  backoffMs,
  outcomeCodes,
  type FinalState,
  type JobState,
  type Outcome,
} from '@lazaret/protocol';

import { jobLimits } from './limits.ts';

const legal: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['placed', 'failed', 'timed_out', 'cancelled'],
  placed: ['starting', 'queued', 'failed', 'timed_out', 'cancelled'],
  starting: ['running', 'queued', 'failed', 'timed_out', 'cancelled'],
  running: ['collecting', 'queued', 'failed', 'timed_out', 'cancelled'],
  collecting: ['succeeded', 'queued', 'failed', 'timed_out', 'cancelled'],
  succeeded: [],
  failed: [],
  timed_out: [],
  cancelled: [],
};

export function isLegalMove(from: JobState, to: JobState): boolean {
  return legal[from].includes(to);
}

/** The states from which a transition to `to` is legal, for compare-and-set. */
export function statesBefore(to: JobState): JobState[] {
  return (Object.keys(legal) as JobState[]).filter((from) => isLegalMove(from, to));
}

export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly cancelRequested: boolean;
}

export interface RetryBudget {
  /** Attempts of the job so far, the ending one included. */
  readonly attempts: number;
  readonly workloadFailures: number;
  readonly platformFailures: number;
  /** From the manifest. */
  readonly attemptsMax: number;
  readonly workloadRetries: number;
}

export type AfterAttempt =
  | { readonly next: FinalState }
  | { readonly next: 'queued'; readonly backoffMs: number; readonly avoidNode: boolean };

/**
 * The next state of the job when an attempt ended. Retry classes: a failure of the workload is
 * retried only if the manifest says so; a failure of the platform is retried on another node, with
 * back-off; an interrupted attempt is retried; a permanent failure never is.
 */
export function afterAttempt(end: AttemptEnd, budget: RetryBudget): AfterAttempt {
  const { code } = end.outcome;
  const kind = outcomeCodes[code].class;
  if (kind === 'success') return { next: 'succeeded' };
  if (end.cancelRequested || code === 'cancelled') return { next: 'cancelled' };
  if (kind === 'interrupted') return { next: 'queued', backoffMs: 0, avoidNode: false };
  if (kind === 'workload' && budget.workloadFailures < budget.workloadRetries) {
    return { next: 'queued', backoffMs: retryDelayMs(budget.workloadFailures), avoidNode: false };
  }
  if (kind === 'platform' && budget.platformFailures + 1 < budget.attemptsMax) {
    return { next: 'queued', backoffMs: retryDelayMs(budget.platformFailures), avoidNode: true };
  }
  return { next: code === 'time_limit' || code === 'queue_time_limit' ? 'timed_out' : 'failed' };
}

function retryDelayMs(failuresBefore: number): number {
  const bounds = { initialMs: jobLimits.retryBackoffMs, maxMs: jobLimits.retryBackoffMaxMs };
  return backoffMs(failuresBefore, bounds);
}
