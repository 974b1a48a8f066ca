/** The legacy API: three calls of earlier versions, as aliases of the current API. */
import { z } from 'zod';

import { fileName, identifier, textOfBytes } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { engineName } from '../engines/manifest.ts';
import { limits } from '../limits.ts';

/** State names of the legacy API. */
export const legacyStatuses = ['Received', 'Running', 'Success', 'Fail'] as const;

const byId = z.object({ id: identifier.describe('ID of the job') });

export const legacyTags = {
  legacy: {
    title: 'Legacy API',
    description: 'Upload, result and link of earlier versions, as aliases of the current API.',
  },
} as const satisfies Record<string, OperationTag>;

export const legacy = {
  upload: defineOperation({
    name: 'legacy.upload',
    method: 'PUT',
    alsoMethods: ['POST'],
    path: '/:engine/upload',
    summary: 'Submit a file to an engine: raw body, or one multipart file part',
    description: 'Example: `curl -T sample.apk SERVER/apktool/upload`',
    access: 'jobs.submit',
    bodyKind: 'bytes',
    ignoresFormFields: true,
    params: z.object({ engine: engineName.describe('Name of the engine') }),
    query: z.object({ name: fileName.optional().describe('File name') }),
    output: z.object({ jobid: identifier }),
    errors: [
      'not_found',
      'engine_disabled',
      'payload_too_large',
      'incomplete_upload',
      'upload_timeout',
      'invalid_input',
    ],
  }),
  result: defineOperation({
    name: 'legacy.result',
    method: 'GET',
    path: '/result/:id',
    summary: 'Show the state of a job, the first bytes of its result and its link',
    access: 'jobs.read',
    params: byId,
    output: z.object({
      status: z.enum(legacyStatuses),
      summary: z.string().describe('The first 80 bytes of the result, or the error'),
      link: z.string().describe('`/link/<id>` after the job has ended'),
    }),
    errors: ['not_found'],
  }),
  link: defineOperation({
    name: 'legacy.link',
    method: 'GET',
    path: '/link/:id',
    summary: 'Download the result, or the error as text',
    access: 'jobs.read',
    params: byId,
    query: z.object({
      path: textOfBytes(limits.pathBytes)
        .optional()
        .describe('Path of an artifact to download instead of the result'),
    }),
    outputKind: 'bytes',
    errors: ['not_found', 'no_result'],
  }),
} as const;
