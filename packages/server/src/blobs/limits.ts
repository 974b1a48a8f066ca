/** Limits of the blob store. */
import { units } from '@lazaret/protocol/units';

const { KiB, hourMs } = units;

export const blobLimits = {
  frameBytes: 64 * KiB,
  temporaryMs: 24 * hourMs,
} as const;
