/** Limits of similarity digests. */
import { units } from '@lazaret/protocol/units';

const { MiB } = units;

export const digestLimits = {
  /** Larger programs get no sdhash digest. */
  similarityFileBytes: 32 * MiB,
} as const;
