/** Limits of policies and decisions. */
export const policyLimits = {
  policyNameChars: 100,
  policyDocumentBytes: 524_288,
  policyTextChars: 2_000,
  policyGlobChars: 512,
  /** Files of an image; conditions cannot use `files` above it. */
  policyFiles: 200_000,
  exceptionDaysMax: 3_650,
  vexDocumentBytes: 16_777_216,
  /** Images that `rejudge --dry-run` looks at in one request. */
  previewImages: 10_000,
  previewChanges: 500,
} as const;
