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
  position: z
    .number()
    .int()
    .nullable()
    .describe('Number that identifies the member; null for an implied directory'),
  type: archiveMemberType,
  name: z.string().describe('Last part of the path; the full path in a search result'),
  path: z
    .string()
    .describe('Path as stored in the archive. Untrusted: may be absolute or contain `..`.'),
  sizeBytes: z
    .number()
    .int()
    .nullable()
    .describe(
      'Size in bytes, for a directory the sum of its files; null if unknown before unpacking',
    ),
  packedBytes: z.number().int().nullable(),
  files: z.number().int().nullable().describe('Number of files below a directory'),
  modifiedAt: timestamp.nullable(),
  mode: z.number().int().nullable(),
  linkTarget: z.string().nullable(),
  warnings: z.array(archiveMemberWarning),
});
export type ArchiveItem = z.output<typeof archiveItem>;

export const archiveSummary = z.object({
  format: z
    .string()
    .describe('Format of the archive: `zip`, `tar`, `tar.gz`, `gz`, `ar`, `cpio`, `rpm`, ...'),
  members: z.number().int(),
  totalBytes: z.number().int(),
  gaps: z
    .array(z.string())
    .describe('Why members are missing from the list; empty if it is complete'),
  notes: z.array(z.string()).describe('Anomalies of the archive as a whole'),
});
export type ArchiveSummary = z.output<typeof archiveSummary>;

export const archivePage = page(archiveItem).extend({
  archive: archiveSummary,
  matched: z.number().int().describe('Number of items on all pages'),
});
export type ArchivePage = z.output<typeof archivePage>;
