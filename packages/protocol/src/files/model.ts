/**
 * File: content by its SHA-256, wherever it was met: uploaded, made by a job, at a path of a layer.
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
import { digest } from '../reports/report.ts';

/** The first of a list, and how long it is: counted up to `searchCountMax`. */
function listStart<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; count: z.ZodNumber; isMore: z.ZodBoolean }> {
  return z.object({ items: z.array(item), count: z.number().int(), isMore: z.boolean() });
}

/** Where an image has the content. */
export const filePlace = z.object({
  image: digest,
  project: projectName,
  /** Names of the image. */
  names: z.array(z.string()),
  platform: z.string().nullable(),
  /** Of the image as a whole. */
  verdict: verdictState,
  /** Index of the layer, 0 the lowest. */
  layer: z.number().int(),
  /** Index of the layer that hides it. */
  hiddenBy: z.number().int().nullable(),
  path: z.string(),
  type: fileType,
});
export type FilePlace = z.output<typeof filePlace>;

/** From which file of which image an artifact was taken. */
export const fileOrigin = z.object({
  project: projectName,
  image: digest,
  /** As the image was named when it was inspected. */
  reference: z.string(),
  layer: z.number().int(),
  path: z.string(),
  createdBy: z.string(),
  createdAt: timestamp,
});
export type FileOrigin = z.output<typeof fileOrigin>;

/** A finding against the content, once for all images in which it was found. */
export const fileFinding = finding
  .pick({ scanner: true, class: true, severity: true, rule: true, title: true })
  .extend({
    /** Images that have it; counted among those in which the finding was looked for. */
    images: z.number().int(),
    /** The latest of these images. */
    image: digest,
    project: projectName,
    path: z.string().nullable(),
    layer: z.number().int().nullable(),
  });
export type FileFinding = z.output<typeof fileFinding>;

export const fileDetail = z.object({
  sha256,
  /** Known from layers; an artifact alone has its SHA-256 only. */
  sha1: z.string().nullable(),
  md5: z.string().nullable(),
  sizeBytes: z.number().int(),
  /** The content's kind by its first bytes, where a layer has it. */
  kind: z.string().nullable(),
  /** Names under which it was met, without paths. */
  names: z.array(z.string()),
  /** Stored bytes, by project; empty when it is known from images alone. */
  artifacts: z.array(artifact),
  origins: z.array(fileOrigin),
  /** Jobs that had it as an input, newest first. */
  jobs: listStart(job),
  /** Jobs that made it, newest first. */
  results: listStart(
    z.object({
      job: z.string(),
      project: projectName,
      engine: z.string(),
      state: z.enum(jobStates),
      path: z.string(),
      createdAt: timestamp,
    }),
  ),
  /** The latest images first. */
  places: listStart(filePlace),
  /** The most severe first. None does not mean clean: coverage is a matter of each image. */
  findings: z.array(fileFinding),
});
export type FileDetail = z.output<typeof fileDetail>;

/** A part of the content. */
export const filePreview = z.object({
  sha256,
  sizeBytes: z.number().int(),
  /** Where in the content the bytes begin. */
  offset: z.number().int(),
  /** Base64. Hostile: to be shown as text or hexadecimal digits, never as markup. */
  bytes: z.string(),
  /** What gave it: the blob store, or an image that was read again. */
  source: z.enum(['artifact', 'image']),
});
export type FilePreview = z.output<typeof filePreview>;
