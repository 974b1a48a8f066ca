/** Bounds of artifacts. */
import { units } from '../core/units.ts';

const { MiB, GiB } = units;

export const artifactLimits = {
  uploadBytes: 2 * GiB,
  /** Larger archives are not shown as a tree; they can be downloaded. */
  archiveBytes: 256 * MiB,
  archivePageItems: 1_000,
  archiveBrowseMs: 20_000,
  /** Archives inside archives. */
  archiveDepth: 8,
  /** What a preview of a file answers at most; more is a download. */
  previewBytes: 256 * 1024,
} as const;
