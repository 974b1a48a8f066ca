/** Engine: a named, versioned analyzer with its revisions. */
import { z } from 'zod';

import { timestamp } from '../core/fields.ts';
import { engineManifest, engineName } from './manifest.ts';

/** The image of an engine revision, pinned to a digest. */
export const imagePin = z.object({
  reference: z.string(),
  digest: z.string(),
  kind: z
    .enum(['repo-digest', 'image-id'])
    .describe(
      '`repo-digest`: manifest digest of a registry; `image-id`: ID of an image that exists on nodes only',
    ),
});
export type ImagePin = z.output<typeof imagePin>;

export const engine = z.object({
  name: engineName,
  description: z.string(),
  enabled: z.boolean(),
  revision: z
    .number()
    .int()
    .describe(
      'Current revision. Every change creates a new one; rollback returns to an earlier one.',
    ),
  version: z.string(),
  image: imagePin.nullable(),
  source: z
    .enum(['directory', 'api'])
    .describe('`directory`: from the watched directory; `api`: added by a user'),
  problem: z
    .string()
    .nullable()
    .describe('Why the engine cannot run, for example because no node has its image'),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Engine = z.output<typeof engine>;

export const engineDetail = engine.extend({
  manifest: engineManifest,
  revisions: z.array(
    z.object({
      revision: z.number().int(),
      version: z.string(),
      image: imagePin.nullable(),
      createdAt: timestamp,
      createdBy: z.string(),
    }),
  ),
});
export type EngineDetail = z.output<typeof engineDetail>;

/** A rejected manifest file in the watched directory, with the reason. */
export const engineRefusal = z.object({ file: z.string(), detail: z.string(), at: timestamp });
export type EngineRefusal = z.output<typeof engineRefusal>;
