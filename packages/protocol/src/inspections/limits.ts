/** Limits of inspections. */
export const inspectionLimits = {
  referenceChars: 1_024,
  inspectParallelMax: 64,
} as const;
