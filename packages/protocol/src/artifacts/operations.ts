/** Operations on artifacts. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { archivePage } from './archive-model.ts';
import { artifact } from './model.ts';
import { fileName, queryBoolean, queryList, sha256, textOfBytes } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { previewDescription } from './preview.ts';

const bySha = z.object({ sha256: sha256.describe('SHA-256 of the content') });

const position = z.string().regex(/^\d{1,7}$/, 'expected the position of a member');
/** Positions of the archives on the path to a nested archive, outermost first. */
const inside = queryList(position).optional();

export const artifactTags = {
  artifacts: {
    title: 'Artifacts',
    description: 'Samples and results, addressed by their SHA-256.',
  },
} as const satisfies Record<string, OperationTag>;

export const artifacts = {
  upload: defineOperation({
    name: 'artifacts.upload',
    method: 'POST',
    path: '/api/v1/artifacts',
    summary: 'Upload a file: raw bytes, or one multipart file part',
    description:
      'The body is streamed to the blob store and hashed. Content that already exists is stored once.',
    access: 'jobs.submit',
    status: 201,
    bodyKind: 'bytes',
    query: z.object({
      project: projectName.optional().describe('Project of the artifact'),
      name: fileName.optional().describe('File name'),
      sha256: sha256.optional().describe('Expected SHA-256; the upload is rejected if it differs'),
    }),
    output: artifact,
    errors: ['payload_too_large', 'incomplete_upload', 'checksum_mismatch', 'upload_timeout'],
  }),
  show: defineOperation({
    name: 'artifacts.show',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256',
    summary: 'Show an artifact; use it to find out whether an upload is needed',
    access: 'jobs.read',
    params: bySha,
    output: artifact,
    errors: ['not_found'],
  }),
  download: defineOperation({
    name: 'artifacts.download',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256/content',
    summary: 'Download an artifact as an attachment; supports Range and If-None-Match',
    access: 'jobs.read',
    params: bySha,
    description: previewDescription,
    query: z.object({
      name: fileName.optional().describe('File name'),
      preview: queryBoolean
        .default(false)
        .describe('Return a preview of the content instead of a download'),
    }),
    outputKind: 'bytes',
    errors: ['not_found', 'range_not_satisfiable', 'blob_damaged'],
  }),
  members: defineOperation({
    name: 'artifacts.members',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256/members',
    summary: 'List the members of an archive, such as a zip or tar.gz result',
    description:
      'Returns the children of `directory`; with `recursive` or `text` all files below it. ' +
      'Nothing is extracted: sizes, compression ratio, number of members and time are bounded. ' +
      'Members that could not be listed are in `archive.gaps`.',
    access: 'jobs.read',
    params: bySha,
    query: z.object({
      directory: textOfBytes(limits.pathBytes)
        .default('')
        .describe('Path of a directory in the archive (default: the root)'),
      recursive: queryBoolean.default(false).describe('List all files below the directory'),
      text: z
        .string()
        .max(limits.textFilterChars)
        .default('')
        .describe('Part of a path, case-insensitive'),
      inside: inside.describe('Positions of nested archives, outermost first'),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(limits.archivePageItems)
        .default(200)
        .describe('Maximum number of items per page'),
      cursor: z
        .string()
        .regex(/^\d{1,7}$/, 'expected `next` of the previous page')
        .optional()
        .describe('Value of `next` of the previous page'),
    }),
    output: archivePage,
    errors: ['not_found', 'not_an_archive', 'archive_unreadable', 'too_many_requests'],
    cli: {
      command: 'artifacts members',
      columns: ['position', 'type', 'sizeBytes', 'warnings', 'path'],
    },
  }),
  member: defineOperation({
    name: 'artifacts.member',
    method: 'GET',
    path: '/api/v1/artifacts/:sha256/members/:position',
    summary: 'Download one member of an archive by its position; supports Range',
    description: previewDescription,
    access: 'jobs.read',
    params: bySha.extend({ position: position.describe('Position of the member in the archive') }),
    query: z.object({
      inside: inside.describe('Positions of nested archives, outermost first'),
      preview: queryBoolean
        .default(false)
        .describe('Return a preview of the content instead of a download'),
    }),
    outputKind: 'bytes',
    errors: [
      'not_found',
      'not_an_archive',
      'archive_unreadable',
      'range_not_satisfiable',
      'too_many_requests',
    ],
  }),
} as const;
