/** Archive: an artifact with members, shown as a tree without being extracted anywhere. */
import { z } from 'zod';

import { page, timestamp } from '../core/fields.ts';

export const archiveMemberType = z.enum(['file', 'directory', 'symlink', 'hardlink', 'special']);
export type ArchiveMemberType = z.output<typeof archiveMemberType>;

/** Properties that make a member dangerous to extract. */
export const archiveMemberWarning = z.enum([
  'absolute_path',
  'parent_path',
  'duplicate_path',
  /** Shares its data with another member, as in some decompression bombs. */
  'overlapping_data',
  /** Has a local header but no entry in the central directory. */
  'not_in_directory',
  'encrypted',
]);
export type ArchiveMemberWarning = z.output<typeof archiveMemberWarning>;

export const archiveItem = z.object({
  /** Number that identifies the member; null for an implied directory. */
  position: z.number().int().nullable(),
  type: archiveMemberType,
  /** Last part of the path; the full path in a search result. */
  name: z.string(),
  /** Path as stored in the archive. Untrusted: may be absolute or contain `..`. */
  path: z.string(),
  /** Size in bytes, for a directory the sum of its files; null if unknown before unpacking. */
  sizeBytes: z.number().int().nullable(),
  packedBytes: z.number().int().nullable(),
  /** Number of files below a directory. */
  files: z.number().int().nullable(),
  modifiedAt: timestamp.nullable(),
  mode: z.number().int().nullable(),
  linkTarget: z.string().nullable(),
  warnings: z.array(archiveMemberWarning),
});
export type ArchiveItem = z.output<typeof archiveItem>;

export const archiveSummary = z.object({
  /** Format of the archive: `zip`, `tar`, `tar.gz`, `gz`, `ar`, `cpio`, `rpm`, ... */
  format: z.string(),
  members: z.number().int(),
  totalBytes: z.number().int(),
  /** Why members are missing from the list; empty if it is complete. */
  gaps: z.array(z.string()),
  /** Anomalies of the archive as a whole. */
  notes: z.array(z.string()),
});
export type ArchiveSummary = z.output<typeof archiveSummary>;

export const archivePage = page(archiveItem).extend({
  archive: archiveSummary,
  /** Number of items on all pages. */
  matched: z.number().int(),
});
export type ArchivePage = z.output<typeof archivePage>;
