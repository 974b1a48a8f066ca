/** Limits of queued inspections and stored images. */
import { units } from '@lazaret/protocol/units';

const { MiB, minuteMs, hourMs } = units;

export const inspectionLimits = {
  inspectionsQueued: 1_000,
  graceMs: 5 * minuteMs,
  attempts: 3,
  retryMs: 5_000,
  retryMaxMs: 5 * minuteMs,
  leaseMs: 30_000,
  pollMs: 1_000,
  /** After the start, which it should not slow down, a first thread is started ahead. */
  prepareMs: 2_000,
  progressMs: 1_000,
  /** Maximum age of the shown state of the scanners. */
  scannerStateMs: 5 * minuteMs,
  detailChars: 2_000,
  imageNamesKept: 20,
  imageReportBytes: 512 * MiB,
  imageFilesCompared: 500_000,
  imageRowsPerInsert: 5_000,
  /** Layers of one image that are stored at a time. */
  layersAtOnce: 2,
  /** Directories without an entry, for one layer. */
  impliedDirectories: 200_000,
  /** How long a layer without an image is kept, because an image with it may be being stored. */
  orphanLayerMs: 1 * hourMs,
  /** Characters of a path in an index; the rest is compared with the row. */
  indexedPathChars: 500,
} as const;
