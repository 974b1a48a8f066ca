/** Search over jobs, images, files, packages and findings of all accessible projects. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { sha256, timestamp } from '../core/fields.ts';
import { jobStates } from '../jobs/states.ts';
import { verdictState } from '../reports/coverage.ts';
import { digest } from '../reports/digest.ts';
import { placedFile, placedFinding, placedPackage } from '../reports/report.ts';

/** Kinds of results, in the order in which they are listed. */
export const searchKinds = ['job', 'image', 'artifact', 'file', 'package', 'finding'] as const;
export type SearchKind = (typeof searchKinds)[number];

/** A search result. The kind determines which of the nullable fields are set. */
export const searchHit = z.object({
  kind: z.enum(searchKinds),
  id: z
    .string()
    .describe('Job ID, image digest, SHA-256 of an artifact or file, purl, or rule name'),
  title: z.string().describe('Display name: a file name, a reference or a path'),
  project: projectName,
  image: digest
    .nullable()
    .describe('Digest of the image, or of the image that contains the result'),
  names: z.array(z.string()).describe('Names of the image'),
  platform: z.string().nullable(),
  verdict: verdictState.nullable().describe('Platform of the image'),
  layer: z.number().int().nullable(),
  hiddenBy: z
    .number()
    .int()
    .nullable()
    .describe('Index of the layer that hides it; null if it is visible'),
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

/** Number of results of one kind. */
export const searchGroup = z.object({
  kind: z.enum(searchKinds),
  count: z.number().int().describe('Number of results, counted up to a limit'),
  isMore: z.boolean().describe('Whether there are more results than were counted'),
});
export type SearchGroup = z.output<typeof searchGroup>;
