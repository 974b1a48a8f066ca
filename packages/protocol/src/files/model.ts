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
  /** Names of the image. */
  names: z.array(z.string()),
  platform: z.string().nullable(),
  /** Verdict of the image. */
  verdict: verdictState,
  /** Index of the layer; 0 is the lowest. */
  layer: z.number().int(),
  /** Index of the layer that hides it; null if it is visible. */
  hiddenBy: z.number().int().nullable(),
  path: z.string(),
  type: fileType,
});
export type FilePlace = z.output<typeof filePlace>;

/** The file of an image that an artifact was extracted from. */
export const fileOrigin = z.object({
  project: projectName,
  image: digest,
  /** Reference of the image when it was inspected. */
  reference: z.string(),
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
    /** Number of images with the finding, of those that were examined for it. */
    images: z.number().int(),
    /** Digest of the latest of these images. */
    image: digest,
    project: projectName,
    path: z.string().nullable(),
    layer: z.number().int().nullable(),
  });
export type FileFinding = z.output<typeof fileFinding>;

export const fileDetail = z.object({
  sha256,
  /** Known for files of images only. */
  sha1: z.string().nullable(),
  md5: z.string().nullable(),
  sizeBytes: z.number().int(),
  /** File type detected from the content; known for files of images only. */
  kind: z.string().nullable(),
  /** File names without paths. */
  names: z.array(z.string()),
  /** Stored copies by project; empty if the content is known from images only. */
  artifacts: z.array(artifact),
  origins: z.array(fileOrigin),
  /** Jobs with the file as an input, newest first. */
  jobs: listStart(job),
  /** Jobs with the file as a result, newest first. */
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
  /** Locations in images, latest image first. */
  places: listStart(filePlace),
  /**
   * Findings, most severe first. An empty list does not mean clean: see the coverage of each image.
   */
  findings: z.array(fileFinding),
});
export type FileDetail = z.output<typeof fileDetail>;

/** A part of the content. */
export const filePreview = z.object({
  sha256,
  sizeBytes: z.number().int(),
  /** Offset of the bytes in the content. */
  offset: z.number().int(),
  /** Bytes in Base64. Untrusted: show as text or hexadecimal, never as markup. */
  bytes: z.string(),
  /** Source of the bytes: the blob store, or an image that was read again. */
  source: z.enum(['artifact', 'image']),
});
export type FilePreview = z.output<typeof filePreview>;
