/** Delays before retries. */

export interface BackoffBounds {
  /** Delay after the first failure. */
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Doublings after which any delay has reached its maximum; keeps the power finite. */
const doublingsMax = 30;

/** Exponential back-off: `initialMs` before the first retry, doubled with each further one. */
export function backoffMs(retry: number, { initialMs, maxMs }: BackoffBounds): number {
  const doublings = Math.max(0, Math.min(retry, doublingsMax));
  return Math.min(initialMs * 2 ** doublings, maxMs);
}

/**
 * The same with equal jitter: at least half of the delay, the rest random, so that clients that
 * failed together do not retry together. `random` returns a number from 0 to below 1.
 */
export function jitteredBackoffMs(
  retry: number,
  bounds: BackoffBounds,
  random: () => number,
): number {
  const full = backoffMs(retry, bounds);
  return full / 2 + (full / 2) * random();
}
