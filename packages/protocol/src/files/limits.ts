/** Limits of files. */
import { units } from '../core/units.ts';

const { KiB, GiB } = units;

export const fileLimits = {
  filePreviewBytes: 64 * KiB,
  filePreviewBytesMax: 256 * KiB,
  /** Names, jobs and locations of a file per response. */
  fileListItems: 25,
  imageArchiveBytes: 32 * GiB,
} as const;
