/** Limits of one inspection and of its steps. */
import { units } from '@lazaret/protocol/units';

const { MiB, minuteMs } = units;

export const inspectionLimits = {
  /** What a report says of where an image came from. */
  sourceDiagnostics: 100,
  /** Of all layers of an inspection together. */
  imageEntries: 750_000,
  /** Members of archives, diagnostics, findings of a scanner, gaps: of each so many for a layer. */
  layerNotes: 100_000,
  /** Files of a layer whose rows are kept for another time. */
  cachedRows: 250_000,
  layerMs: 30 * minuteMs,
  /** Bytes behind the end of a layer's tar, and in its padding, that are scanned. */
  hiddenBytes: 64 * MiB,
  /** Shorter extended attributes hold labels and no code. */
  attributeScanBytesMin: 64,
  factsPerLayer: 1_000_000,
  /** Memory that files in pieces are put together in, one after another. */
  scratchBytes: 8 * MiB,
  scanBytesAtOnce: 64 * MiB,
} as const;
