/** Bounds of files. */
import { units } from '../core/units.ts';

const { KiB, GiB, minuteMs } = units;

export const fileLimits = {
  filePreviewBytes: 64 * KiB,
  filePreviewBytesMax: 256 * KiB,
  /** Names, jobs and places of a file that are shown at once. */
  fileListItems: 25,
  fileFindings: 100,
  /** Inspections of an image whose references are tried for its layers. */
  fileSourcesTried: 5,
  /** Contents that are read out of images at a time. */
  fileReadsAtOnce: 2,
  fileReadsWaiting: 16,
  fileReadMs: 10 * minuteMs,
  /** Contents that were read out of images, for the next preview or download. */
  fileReadsKept: 8,
  fileReadsKeptBytes: 1 * GiB,
  fileReadsKeptMs: 5 * minuteMs,
  imageArchiveBytes: 32 * GiB,
} as const;
