/** What is known of one file of a tree: a layer, an image, a container, a directory. */
import { z } from 'zod';

import { sha256 } from '../core/fields.ts';

export const fileType = z.enum([
  'file',
  'directory',
  'symlink',
  'hardlink',
  'character-device',
  'block-device',
  'fifo',
  'socket',
  'unknown',
]);
export type FileType = z.output<typeof fileType>;

/** The content's kind by its first bytes, in the short words of `file-kind.ts` of analysis. */
export const fileKind = z.string();

/** Similarity digests; a hint, never an identity. */
export const similarityDigests = z.object({
  tlsh: z.string().optional(),
  ssdeep: z.string().optional(),
  sdhash: z.string().optional(),
});
export type SimilarityDigests = z.output<typeof similarityDigests>;

export const fileRow = z.object({
  /** Relative to the root of the tree, without a leading slash; `a.zip!/b` inside an archive. */
  path: z.string(),
  /** The path's bytes as latin1 when they are not UTF-8. */
  rawPath: z.string().optional(),
  type: fileType,
  /** Permission bits (07777). */
  mode: z.number().int(),
  uid: z.number().int(),
  gid: z.number().int(),
  sizeBytes: z.number().int(),
  /** Milliseconds since 1970. */
  mtimeMs: z.number(),
  /** Where a link points, as it says so itself; the tree's path for a hard link. */
  linkPath: z.string().optional(),
  /** Numbers of a device. */
  device: z.object({ major: z.number().int(), minor: z.number().int() }).optional(),
  /** The attribute `security.capability`, as hexadecimal. */
  capabilities: z.string().optional(),
  sha256: sha256.optional(),
  sha1: z.string().optional(),
  md5: z.string().optional(),
  kind: fileKind.optional(),
  similarity: similarityDigests.optional(),
});
export type FileRow = z.output<typeof fileRow>;
