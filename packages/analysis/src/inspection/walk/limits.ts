/** Limits of one inspection and of its steps. */
import { units } from '@lazaret/protocol/units';

const { MiB, minuteMs } = units;

export const inspectionLimits = {
  /** Characters of the origin of an image in a report. */
  sourceDiagnostics: 100,
  /** Of all layers of an inspection together. */
  imageEntries: 750_000,
  /**
   * Limit for each of these in a layer: members of archives, diagnostics, findings of a scanner,
   * gaps.
   */
  layerNotes: 100_000,
  /** Files of a layer whose rows are cached. */
  cachedRows: 250_000,
  layerMs: 30 * minuteMs,
  /** Bytes after the end of a layer's tar, and in its padding, that are scanned. */
  hiddenBytes: 64 * MiB,
  /** Shorter extended attributes contain labels and not code. */
  attributeScanBytesMin: 64,
  factsPerLayer: 1_000_000,
  /** Shared memory in which files in several chunks are joined. */
  scratchBytes: 8 * MiB,
  scanBytesAtOnce: 64 * MiB,
} as const;
