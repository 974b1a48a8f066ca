/** Limits of archives and of files inside files. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, GiB, minuteMs } = units;

export const archiveLimits = {
  nestedDepth: 8,
  nestedBytes: 2 * GiB,
  nestedFileBytes: 128 * MiB,
  nestedEntries: 100_000,
  nestedRatio: 1_000,
  nestedMs: 2 * minuteMs,
  nestedMemoryBytes: 192 * MiB,
  nestedDictionaryBytes: 64 * MiB,
  nestedNameChars: 4 * KiB,
  /** The ratio is checked above this much content. */
  nestedRatioFreeBytes: 16 * MiB,
  nestedNotes: 100,
} as const;
