/** Limits of lookups. */
export const knowledgeLimits = {
  lookupIndicators: 1_000,
  lookupIndicatorChars: 1_024,
  /** Images, jobs and tags of an indicator are counted up to this number. */
  lookupCountMax: 100,
  /** The latest of them that are listed. */
  lookupItems: 5,
  lookupFindings: 10,
} as const;
