/** Engine: a named, versioned analyzer, with its revisions. */
import { z } from 'zod';

import { timestamp } from '../core/fields.ts';
import { engineManifest, engineName } from './manifest.ts';

/** How an image was pinned when the engine was added. */
export const imagePin = z.object({
  reference: z.string(),
  digest: z.string(),
  /** A registry's manifest digest, or the id of an image that exists on the nodes only. */
  kind: z.enum(['repo-digest', 'image-id']),
});
export type ImagePin = z.output<typeof imagePin>;

export const engine = z.object({
  name: engineName,
  description: z.string(),
  enabled: z.boolean(),
  /** Counts up with every change; rollback makes an earlier one current again. */
  revision: z.number().int(),
  version: z.string(),
  image: imagePin.nullable(),
  /** directory: from the watched directory; api: over the API. */
  source: z.enum(['directory', 'api']),
  /** Why the engine cannot run now, such as an image that no node has. */
  problem: z.string().nullable(),
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

/** A manifest file in the watched directory that was refused, and why. */
export const engineRefusal = z.object({ file: z.string(), detail: z.string(), at: timestamp });
export type EngineRefusal = z.output<typeof engineRefusal>;
