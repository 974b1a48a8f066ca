/** Limits of the data directory. */
import { units } from '@lazaret/protocol/units';

const { KiB } = units;

export const appLimits = {
  dataDirectoryLockWaitMs: 300,
  dataDirectoryHolderBytes: 4 * KiB,
} as const;
