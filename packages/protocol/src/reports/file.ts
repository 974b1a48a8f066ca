/** Metadata of one file of a layer, an image, a container or a directory. */
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

/** File type by the first bytes, as in `file-kind.ts` of analysis. */
export const fileKind = z.string();

/** Similarity digests. Similarity is a hint, not an identification. */
export const similarityDigests = z.object({
  tlsh: z.string().optional(),
  ssdeep: z.string().optional(),
  sdhash: z.string().optional(),
});
export type SimilarityDigests = z.output<typeof similarityDigests>;

export const fileRow = z.object({
  path: z
    .string()
    .describe('Path relative to the root, without a leading slash; `a.zip!/b` inside an archive'),
  rawPath: z
    .string()
    .optional()
    .describe('Bytes of the path as Latin-1, if they are not valid UTF-8'),
  type: fileType,
  mode: z.number().int().describe('Permission bits (mask 07777)'),
  uid: z.number().int(),
  gid: z.number().int(),
  sizeBytes: z.number().int(),
  mtimeMs: z.number().describe('Modification time in milliseconds since 1970'),
  linkPath: z
    .string()
    .optional()
    .describe('Target of a symbolic link as stored; for a hard link its path in the tree'),
  device: z
    .object({ major: z.number().int(), minor: z.number().int() })
    .optional()
    .describe('Device numbers'),
  capabilities: z
    .string()
    .optional()
    .describe('Extended attribute `security.capability` in hexadecimal'),
  sha256: sha256.optional(),
  sha1: z.string().optional(),
  md5: z.string().optional(),
  kind: fileKind.optional(),
  similarity: similarityDigests.optional(),
});
export type FileRow = z.output<typeof fileRow>;
