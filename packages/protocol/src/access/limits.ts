/** Limits of users, tokens and passwords. */
export const accessLimits = {
  passwordCharsMin: 12,
  passwordCharsMax: 1_024,
  tokenDaysMax: 366,
  grantsPerUser: 200,
} as const;
