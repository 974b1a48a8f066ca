/** Limits of image archives, layouts and images of a Docker Engine. */
import { units } from '@lazaret/protocol/units';

const { KiB, GiB, minuteMs } = units;

export const sourceLimits = {
  /** Members of a `docker save` or OCI archive: a few for each layer of each image. */
  imageArchiveEntries: 50_000,
  imageArchivePathBytes: 1 * KiB,
  /** Limit for the spool of an engine's export or of a compressed archive. */
  imageSpoolBytes: 64 * GiB,
  /** An engine collects a whole image before it sends the first byte. */
  imageExportMs: 30 * minuteMs,
  /** The file `oci-layout`. */
  layoutFileBytes: 64 * KiB,
} as const;
