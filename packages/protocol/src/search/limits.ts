/** Limits of the search. */
export const searchLimits = {
  /** Results of one kind are counted up to this number. */
  searchCountMax: 1_000,
  searchTextChars: 4_096,
  searchPerKindMax: 50,
} as const;
