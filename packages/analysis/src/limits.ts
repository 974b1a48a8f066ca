/** Limits that several parts of analysis share. */
import { units } from '@lazaret/protocol/units';

const { MiB, GiB } = units;

export const analysisLimits = {
  layerTarBytes: 64 * GiB,
  /** Fits into 512 MiB of memory; the largest layers in use have about 300,000. */
  layerEntries: 500_000,
  /** Uncompressed bytes for each compressed one, checked above `layerRatioFreeBytes`. */
  layerRatio: 1_000,
  layerRatioFreeBytes: 256 * MiB,
  /** Rows of a layer, and of an inspection, that are kept as objects; more of them are packed. */
  plainRows: 150_000,
  treePathDepth: 1_024,
  symlinkHops: 40,
  gapsListed: 1_000,
  /** Unknown facts of one file that are reported one by one. */
  warningsPerFile: 20,
  packageVersionChars: 256,
  readerFileBytes: 128 * MiB,
} as const;
