/** The predecessor's three calls, as thin aliases of the real API. */
import { z } from 'zod';

import { fileName, identifier } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { engineName } from '../engines/manifest.ts';

/** The predecessor's words for the states. */
export const legacyStatuses = ['Received', 'Running', 'Success', 'Fail'] as const;

const byId = z.object({ id: identifier });

export const legacyTags = {
  legacy: {
    title: "The predecessor's calls",
    description: 'Upload, result and link, as thin aliases of the real API.',
  },
} as const satisfies Record<string, OperationTag>;

export const legacy = {
  upload: defineOperation({
    name: 'legacy.upload',
    method: 'PUT',
    alsoMethods: ['POST'],
    path: '/:engine/upload',
    summary: 'Submit a file to an engine: raw body, or one multipart file part',
    description: 'curl -T sample.apk SERVER/apktool/upload',
    access: 'jobs.submit',
    bodyKind: 'bytes',
    params: z.object({ engine: engineName }),
    query: z.object({ name: fileName.optional() }),
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
    summary: 'State of a job, the start of its result, and where the result is',
    access: 'jobs.read',
    params: byId,
    output: z.object({
      status: z.enum(legacyStatuses),
      /** The first 80 bytes of the result, or what went wrong. */
      summary: z.string(),
      /** `/link/<id>` once the job has ended. */
      link: z.string(),
    }),
    errors: ['not_found'],
  }),
  link: defineOperation({
    name: 'legacy.link',
    method: 'GET',
    path: '/link/:id',
    summary: 'Download the result, or what went wrong as text',
    access: 'jobs.read',
    params: byId,
    outputKind: 'bytes',
    errors: ['not_found', 'no_result'],
  }),
} as const;
