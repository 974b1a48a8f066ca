/** Artifact: immutable content, identified by its SHA-256, in a project. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { sha256, timestamp } from '../core/fields.ts';

export const artifact = z.object({
  sha256,
  sizeBytes: z.number().int(),
  name: z.string(),
  project: projectName,
  createdAt: timestamp,
});
export type Artifact = z.output<typeof artifact>;
