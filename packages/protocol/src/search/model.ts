/** Search: everything that has something to do with a text, from all projects that one may see. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { sha256, timestamp } from '../core/fields.ts';
import { jobStates } from '../jobs/states.ts';
import { verdictState } from '../reports/coverage.ts';
import { digest, placedFile, placedFinding, placedPackage } from '../reports/report.ts';

/** What can be found, in the order in which it is listed. */
export const searchKinds = ['job', 'image', 'artifact', 'file', 'package', 'finding'] as const;
export type SearchKind = (typeof searchKinds)[number];

/** Something that was found: which of the nullable fields are set depends on the kind. */
export const searchHit = z.object({
  kind: z.enum(searchKinds),
  /** Id of a job, digest of an image, SHA-256 of an artifact or file, purl, name of a rule. */
  id: z.string(),
  /** For people: a file name, a reference, a path. */
  title: z.string(),
  project: projectName,
  /** The image itself, or the one in which it was found. */
  image: digest.nullable(),
  /** Names of that image. */
  names: z.array(z.string()),
  platform: z.string().nullable(),
  /** Of that image. */
  verdict: verdictState.nullable(),
  layer: z.number().int().nullable(),
  /** Index of the layer that hides it. */
  hiddenBy: z.number().int().nullable(),
  path: z.string().nullable(),
  job: z.object({ engine: z.string(), state: z.enum(jobStates), createdAt: timestamp }).nullable(),
  artifact: z.object({ sha256, sizeBytes: z.number().int(), createdAt: timestamp }).nullable(),
  file: placedFile
    .pick({ type: true, sizeBytes: true, mode: true, sha256: true, sha1: true, md5: true })
    .nullable(),
  package: placedPackage.pick({ type: true, name: true, version: true, purl: true }).nullable(),
  finding: placedFinding
    .pick({ scanner: true, class: true, severity: true, rule: true, title: true })
    .nullable(),
});
export type SearchHit = z.output<typeof searchHit>;

/** How much there is of one kind. */
export const searchGroup = z.object({
  kind: z.enum(searchKinds),
  /** Counted up to `searchCountMax`. */
  count: z.number().int(),
  /** Whether there is more than was counted. */
  isMore: z.boolean(),
});
export type SearchGroup = z.output<typeof searchGroup>;
