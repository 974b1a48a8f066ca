/** Bounds of jobs. */
export const jobLimits = {
  tagChars: 64,
  tagsPerJob: 32,
} as const;
