/** Limits of health checks. */
export const systemLimits = {
  // Above what one hanging statement takes: a frozen database is no dead loop.
  loopStallMs: 45_000,
} as const;
