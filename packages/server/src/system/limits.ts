/** Limits of health checks. */
export const systemLimits = {
  // Above what one hanging statement takes: a frozen database is not a dead loop.
  loopStallMs: 45_000,
} as const;
