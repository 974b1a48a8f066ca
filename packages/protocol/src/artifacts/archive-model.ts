/** Archive: an artifact with members, shown as a tree without being extracted anywhere. */
import { z } from 'zod';

import { page, timestamp } from '../core/fields.ts';

export const archiveMemberType = z.enum(['file', 'directory', 'symlink', 'hardlink', 'special']);
export type ArchiveMemberType = z.output<typeof archiveMemberType>;

/** What may mislead or harm whoever extracts the member. */
export const archiveMemberWarning = z.enum([
  'absolute_path',
  'parent_path',
  'duplicate_path',
  /** Its data are also another member's, as in some decompression bombs. */
  'overlapping_data',
  /** It has a local header and is missing from the directory of the zip file. */
  'not_in_directory',
  'encrypted',
]);
export type ArchiveMemberWarning = z.output<typeof archiveMemberWarning>;

export const archiveItem = z.object({
  /** The number of the member, which identifies it; null for a directory without an own entry. */
  position: z.number().int().nullable(),
  type: archiveMemberType,
  /** The last part of the path; the whole path in a list that is not of one directory. */
  name: z.string(),
  /** As the archive gives it: untrusted, may be absolute or contain `..`. */
  path: z.string(),
  /** Of a directory: the sum of the files below it. Null when only unpacking would tell. */
  sizeBytes: z.number().int().nullable(),
  packedBytes: z.number().int().nullable(),
  /** How many files are below a directory. */
  files: z.number().int().nullable(),
  modifiedAt: timestamp.nullable(),
  mode: z.number().int().nullable(),
  linkTarget: z.string().nullable(),
  warnings: z.array(archiveMemberWarning),
});
export type ArchiveItem = z.output<typeof archiveItem>;

export const archiveSummary = z.object({
  /** `zip`, `tar`, `tar.gz`, `gz`, `ar`, `cpio`, `rpm`, ... */
  format: z.string(),
  members: z.number().int(),
  totalBytes: z.number().int(),
  /** Why members are missing from the list; empty when it is complete. */
  gaps: z.array(z.string()),
  /** What is odd about the archive as a whole. */
  notes: z.array(z.string()),
});
export type ArchiveSummary = z.output<typeof archiveSummary>;

export const archivePage = page(archiveItem).extend({
  archive: archiveSummary,
  /** Items in all pages. */
  matched: z.number().int(),
});
export type ArchivePage = z.output<typeof archivePage>;
