/** Limits of registries, and of watching them. */
import { units } from '../core/units.ts';

export const registryLimits = {
  arrivalHoursMax: 168,
  registryHostChars: 255,
  registryRateRequests: 1_000_000,
  registryRatePeriodMs: 7 * units.dayMs,
  registryRateWindows: 8,
  registryPatterns: 1_000,
  registryPatternChars: 255,
  registryMirrors: 20,
  registryPlatforms: 20,
  registryPathChars: 1_000,
  registryBacklogMax: 1_000_000,
  registryPollMsMin: 1_000,
  registryPollMsMax: 7 * units.dayMs,
  registryPollSecondsDefault: 300,
  registryBacklogDefault: 100,
  repositoryChars: 255,
  tagChars: 128,
  registryCursorChars: 512,
  registryWaitSecondsMax: 50,
  watchRetentionMsMin: units.dayMs,
  watchRetentionMsMax: 3_650 * units.dayMs,
} as const;
