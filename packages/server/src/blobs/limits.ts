/** Limits of the blob store. */
import { units } from '@lazaret/protocol/units';

const { KiB, hourMs, minuteMs } = units;

export const blobLimits = {
  frameBytes: 64 * KiB,
  temporaryMs: 24 * hourMs,
  /** How long an open stream waits for its first read; then its file is closed. */
  unreadStreamMs: minuteMs,
} as const;
