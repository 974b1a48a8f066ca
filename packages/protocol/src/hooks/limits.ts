/** Limits of hooks. */
export const hookLimits = {
  hookPathChars: 64,
  hookHeaderChars: 100,
  hookAudienceChars: 1_024,
  hookActors: 50,
  hookActorChars: 255,
  hookSecretReferenceChars: 1_000,
  hookDeliveryTextChars: 65_536,
} as const;
