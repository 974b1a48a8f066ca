/** Artifact: immutable bytes known by their SHA-256, and who in which project put them there. */
import { z } from 'zod';

import { fileName, sha256, timestamp } from './fields.ts';
import { projectName } from './access.ts';
import { defineOperation } from './operation.ts';

export const artifact = z.object({
  sha256,
  sizeBytes: z.number().int(),
  name: z.string(),
  project: projectName,
  createdAt: timestamp,
});
export type Artifact = z.output<typeof artifact>;

const bySha = z.object({ sha256 });

export const artifacts = {
  upload: defineOperation({
    name: 'artifacts.upload',
    method: 'POST',
    path: '/api/v1/artifacts',
    summary: 'Upload a file: raw bytes, or one multipart file part',
    description:
      'The body is streamed to the blob store while it is hashed. Content that the project has already is stored once.',
    access: 'jobs.submit',
    status: 201,
    bodyKind: 'bytes',
    query: z.object({
      project: projectName.optional(),
      name: fileName.optional(),
      /** Refuse the upload unless its digest is this one. */
      sha256: sha256.optional(),
    }),
    output: artifact,
    errors: ['payload_too_large', 'incomplete_upload', 'checksum_mismatch', 'upload_timeout'],
  }),
  show: defineOperation({
    name: 'artifacts.show',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256',
    summary: 'What is known of an artifact; tells whether an upload is needed',
    access: 'jobs.read',
    params: bySha,
    output: artifact,
    errors: ['not_found'],
  }),
  download: defineOperation({
    name: 'artifacts.download',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256/content',
    summary: 'Download the bytes, as an attachment; takes Range and If-None-Match',
    access: 'jobs.read',
    params: bySha,
    query: z.object({ name: fileName.optional() }),
    outputKind: 'bytes',
    errors: ['not_found', 'range_not_satisfiable', 'blob_damaged'],
  }),
} as const;
