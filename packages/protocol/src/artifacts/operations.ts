/** Operations on artifacts. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { artifact } from './model.ts';
import { fileName, sha256 } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';

const bySha = z.object({ sha256 });

export const artifactTags = {
  artifacts: { title: 'Artifacts', description: 'Samples and results, by content.' },
} as const satisfies Record<string, OperationTag>;

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
