/** Limits of the quarantine and of actions on registries. */
import { units } from '../core/units.ts';

export const quarantineLimits = {
  quarantineReasonChars: 1_000,
  /** Tags and digests that one request may confirm. */
  quarantineConfirmed: 1_000,
  quarantineWaitSecondsMax: 50,
  quarantineSpaceBytesMin: 1 * units.MiB,
  quarantineSpaceBytesMax: 1024 ** 5,
  quarantineRetentionMsMin: 0,
  quarantineRetentionMsMax: 3_650 * units.dayMs,
  actionsPerHourMax: 100_000,
} as const;
