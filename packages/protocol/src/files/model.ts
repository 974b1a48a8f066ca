/**
 * File: content by its SHA-256, with all of its origins: uploads, results of jobs, paths in layers.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { artifact } from '../artifacts/model.ts';
import { sha256, timestamp } from '../core/fields.ts';
import { job } from '../jobs/model.ts';
import { jobStates } from '../jobs/states.ts';
import { verdictState } from '../reports/coverage.ts';
import { fileType } from '../reports/file.ts';
import { finding } from '../reports/finding.ts';
import { digest } from '../reports/digest.ts';

/** The first items of a list and its length, counted up to a limit. */
function listStart<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; count: z.ZodNumber; isMore: z.ZodBoolean }> {
  return z.object({ items: z.array(item), count: z.number().int(), isMore: z.boolean() });
}

/** A location of the content in an image. */
export const filePlace = z.object({
  image: digest,
  project: projectName,
  names: z.array(z.string()).describe('Names of the image'),
  platform: z.string().nullable(),
  verdict: verdictState.describe('Verdict of the image'),
  layer: z.number().int().describe('Index of the layer; 0 is the lowest'),
  hiddenBy: z
    .number()
    .int()
    .nullable()
    .describe('Index of the layer that hides it; null if it is visible'),
  path: z.string(),
  type: fileType,
});
export type FilePlace = z.output<typeof filePlace>;

/** The file of an image that an artifact was extracted from. */
export const fileOrigin = z.object({
  project: projectName,
  image: digest,
  reference: z.string().describe('Reference of the image when it was inspected'),
  layer: z.number().int(),
  path: z.string(),
  createdBy: z.string(),
  createdAt: timestamp,
});
export type FileOrigin = z.output<typeof fileOrigin>;

/** A finding on the content, joined over all images. */
export const fileFinding = finding
  .pick({ scanner: true, class: true, severity: true, rule: true, title: true })
  .extend({
    images: z
      .number()
      .int()
      .describe('Number of images with the finding, of those that were examined for it'),
    image: digest.describe('Digest of the latest of these images'),
    project: projectName,
    path: z.string().nullable(),
    layer: z.number().int().nullable(),
  });
export type FileFinding = z.output<typeof fileFinding>;

export const fileDetail = z.object({
  sha256,
  sha1: z.string().nullable().describe('Known for files of images only'),
  md5: z.string().nullable(),
  sizeBytes: z.number().int(),
  kind: z
    .string()
    .nullable()
    .describe('File type detected from the content; known for files of images only'),
  names: z.array(z.string()).describe('File names without paths'),
  artifacts: z
    .array(artifact)
    .describe('Stored copies by project; empty if the content is known from images only'),
  origins: z.array(fileOrigin),
  jobs: listStart(job).describe('Jobs with the file as an input, newest first'),
  results: listStart(
    z.object({
      job: z.string(),
      project: projectName,
      engine: z.string(),
      state: z.enum(jobStates),
      path: z.string(),
      createdAt: timestamp,
    }),
  ).describe('Jobs with the file as a result, newest first'),
  places: listStart(filePlace).describe('Locations in images, latest image first'),
  findings: z
    .array(fileFinding)
    .describe(
      'Findings, most severe first. An empty list does not mean clean: see the coverage of each image.',
    ),
});
export type FileDetail = z.output<typeof fileDetail>;

/** A part of the content. */
export const filePreview = z.object({
  sha256,
  sizeBytes: z.number().int(),
  offset: z.number().int().describe('Offset of the bytes in the content'),
  bytes: z
    .string()
    .describe('Bytes in Base64. Untrusted: show as text or hexadecimal, never as markup.'),
  source: z
    .enum(['artifact', 'image'])
    .describe('Source of the bytes: the blob store, or an image that was read again'),
});
export type FilePreview = z.output<typeof filePreview>;
