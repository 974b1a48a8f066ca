/** Limits of registries. */
import { units } from '../core/units.ts';

export const registryLimits = {
  registryHostChars: 255,
  registryRateRequests: 1_000_000,
  registryRatePeriodMs: 7 * units.dayMs,
  registryRateWindows: 8,
} as const;
