/** Operations on files. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { fileName, sha256 } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { jobDetail, jobSubmission } from '../jobs/model.ts';
import { limits } from '../limits.ts';
import { digest } from '../reports/digest.ts';
import { fileDetail, filePreview } from './model.ts';

export const fileTags = {
  files: { title: 'Files', description: 'Content by SHA-256, with all of its origins.' },
} as const satisfies Record<string, OperationTag>;

const bySha = z.object({
  sha256: z
    .string()
    .transform((text) => text.toLowerCase().replace(/^sha256:/, ''))
    .pipe(sha256)
    .describe('SHA-256 of the content'),
});

/** The image to read the content from, if several contain it. */
const from = {
  project: projectName.optional().describe('Project'),
  image: digest
    .optional()
    .describe('Digest of the image to read from (default: the latest with the content)'),
} as const;

const readErrors = [
  ...(['not_found', 'source_unavailable', 'payload_too_large'] as const),
  ...(['too_many_requests', 'blob_damaged', 'storage_full'] as const),
] as const;

export const files = {
  show: defineOperation({
    name: 'files.show',
    method: 'GET',
    path: '/api/v1/files/:sha256',
    summary: 'Show all information about a file: jobs, results, images, findings',
    access: 'images.read',
    params: bySha,
    query: z.object({ project: projectName.optional().describe('Project') }),
    output: fileDetail,
    errors: ['not_found'],
    cli: { command: 'files show' },
  }),
  preview: defineOperation({
    name: 'files.preview',
    method: 'GET',
    path: '/api/v1/files/:sha256/preview',
    summary: 'Get a part of the content of a file',
    description:
      'An artifact is read from the blob store. A file of an image is read again from the source of the ' +
      'image, and verified by its SHA-256 before any of it is returned.',
    access: 'files.read',
    params: bySha,
    query: z.object({
      ...from,
      offset: z.coerce.number().int().min(0).default(0).describe('Offset of the first byte'),
      length: z.coerce
        .number()
        .int()
        .min(1)
        .max(limits.filePreviewBytesMax)
        .default(limits.filePreviewBytes)
        .describe('Number of bytes'),
    }),
    output: filePreview,
    errors: readErrors,
  }),
  download: defineOperation({
    name: 'files.download',
    method: 'GET',
    path: '/api/v1/files/:sha256/archive',
    summary: 'Download a file in a ZIP archive that is encrypted with the password `infected`',
    access: 'files.read',
    params: bySha,
    query: z.object({
      ...from,
      name: fileName.optional().describe('Name of the file inside the archive (default: its own)'),
    }),
    outputKind: 'bytes',
    errors: readErrors,
  }),
  submit: defineOperation({
    name: 'files.submit',
    method: 'POST',
    path: '/api/v1/files/:sha256/jobs',
    summary: 'Submit a stored file, or a file of an inspected image, to an engine',
    description:
      'A file of an image becomes an artifact first, with the image, layer and path that it was ' +
      'extracted from. With an `Idempotency-Key` header, a repeated submission returns the first job.',
    access: 'files.read',
    status: 201,
    params: bySha,
    body: jobSubmission.omit({ inputs: true }).extend({
      image: digest
        .optional()
        .describe('Digest of the image to read from (default: the latest with the content)'),
      name: fileName
        .optional()
        .describe('File name for the engine (default: the name in the image or of the artifact)'),
    }),
    output: jobDetail,
    errors: [
      ...readErrors,
      ...(['forbidden', 'engine_disabled', 'invalid_input', 'invalid_parameters'] as const),
      'idempotency_conflict',
    ],
    cli: { command: 'files submit' },
  }),
} as const;
