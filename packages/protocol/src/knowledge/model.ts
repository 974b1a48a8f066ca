/**
 * What is known about a content, an image or a package, from everything that was stored: asked by
 * people, by scripts with many indicators at once, and by other parts of the product.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, timestamp } from '../core/fields.ts';
import { jobStates } from '../jobs/states.ts';
import { verdictState } from '../reports/coverage.ts';
import { digest } from '../reports/digest.ts';
import { finding } from '../reports/finding.ts';

export const knownFinding = finding.pick({
  scanner: true,
  class: true,
  severity: true,
  rule: true,
  title: true,
});
export type KnownFinding = z.output<typeof knownFinding>;

export const knownImage = z.object({
  digest,
  project: projectName,
  name: z.string().nullable().describe('Latest name of the image'),
  verdict: verdictState.describe('Verdict of the whole image'),
  path: z.string().nullable().describe('Where the image has it; null for the image itself'),
  inspectedAt: timestamp,
});
export type KnownImage = z.output<typeof knownImage>;

export const knownJob = z.object({
  id: identifier,
  project: projectName,
  engine: z.string(),
  state: z.enum(jobStates),
  role: z.enum(['input', 'result']).describe('Whether the job read or produced it'),
  createdAt: timestamp,
});
export type KnownJob = z.output<typeof knownJob>;

export const knownTag = z.object({
  registry: z.string(),
  project: projectName,
  repository: z.string(),
  tag: z.string(),
  present: z.boolean().describe('Whether the tag has this digest now'),
  changedAt: timestamp,
});
export type KnownTag = z.output<typeof knownTag>;

function counted<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; count: z.ZodNumber; isMore: z.ZodBoolean }> {
  return z.object({
    items: z.array(item).describe('The latest'),
    count: z.number().int().describe('Number of all, counted up to a limit'),
    isMore: z.boolean().describe('Whether there are more than were counted'),
  });
}

export const knowledge = z.object({
  indicator: z.string(),
  known: z.boolean().describe('Whether anything is stored about it in your projects'),
  verdict: verdictState
    .nullable()
    .describe(
      'Of the content or image itself: `malicious` and `suspicious` by its findings; `clean` when ' +
        'an image with a clean verdict has it; null when it is unknown or was not fully examined',
    ),
  findings: z.array(knownFinding).describe('About the content, image or package itself'),
  images: counted(knownImage),
  jobs: counted(knownJob),
  tags: counted(knownTag).describe('Tags in watched registries, for the digest of an image'),
});
export type Knowledge = z.output<typeof knowledge>;
