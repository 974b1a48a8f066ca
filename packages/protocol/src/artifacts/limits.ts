/** Limits of artifacts. */
import { units } from '../core/units.ts';

const { MiB, GiB } = units;

export const artifactLimits = {
  uploadBytes: 2 * GiB,
  /** Larger archives cannot be browsed, only downloaded. */
  archiveBytes: 256 * MiB,
  archivePageItems: 1_000,
  archiveBrowseMs: 20_000,
  /** Archives inside archives. */
  archiveDepth: 8,
  /** Maximum size of a preview. */
  previewBytes: 32 * MiB,
} as const;
