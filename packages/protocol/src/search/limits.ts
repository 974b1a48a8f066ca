/** Bounds of the search. */
export const searchLimits = {
  /** Above it a group says that there is more. */
  searchCountMax: 1_000,
  searchTextChars: 4_096,
  searchPerKindMax: 50,
} as const;
