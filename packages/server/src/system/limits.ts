/** Limits of health checks. */
export const systemLimits = {
  // Longer than the timeout of a statement: a hanging database is not a stalled loop.
  loopStallMs: 45_000,
} as const;
