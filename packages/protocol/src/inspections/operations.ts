/** Operations on inspections. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import {
  fileName,
  identifier,
  identifierPrefix,
  page,
  paging,
  queryBoolean,
  queryList,
} from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { inspection, inspectionStates, platformWord } from './model.ts';
import { scannerOverview } from './scanners.ts';

const byId = z.object({ id: identifier.describe('ID of the inspection') });

export const inspectionTags = {
  inspections: { title: 'Inspections', description: 'Asynchronous image inspections.' },
} as const satisfies Record<string, OperationTag>;

export const inspections = {
  list: defineOperation({
    name: 'inspections.list',
    method: 'GET',
    path: '/api/v1/inspections',
    summary: 'List inspections, newest first',
    access: 'images.read',
    query: z.object({
      ...paging,
      project: projectName.optional().describe('Only inspections of this project'),
      state: queryList(z.enum(inspectionStates))
        .optional()
        .describe('Only inspections in this state'),
      id: identifierPrefix.optional().describe('Only inspections whose ID starts with this'),
    }),
    output: page(inspection),
    cli: {
      command: 'inspections list',
      columns: ['id', 'reference', 'platform', 'state', 'createdAt', 'problem.code'],
    },
  }),
  scanners: defineOperation({
    name: 'inspections.scanners',
    method: 'GET',
    path: '/api/v1/scanners',
    summary: 'Show the configured scanners with health, signatures and number of rules',
    description:
      'The state as seen by the responding process, up to five minutes old. Scanners are ' +
      'changed in the configuration file, for instance by `lazaret setup scanners`.',
    access: 'images.read',
    output: scannerOverview,
    cli: { command: 'scanners show' },
  }),
  upload: defineOperation({
    name: 'inspections.upload',
    method: 'POST',
    path: '/api/v1/inspections/archive',
    summary: 'Upload an archive of `docker save` or an OCI layout, and inspect its images',
    description:
      'The body is the archive, raw or as one multipart file part, and plain or compressed with ' +
      'gzip or zstd. It becomes an artifact of the project, which files of its images are read ' +
      'from later. `POST /api/v1/inspections` with the reference `artifact:SHA256` inspects one ' +
      'that is already stored.',
    access: 'images.inspect',
    status: 202,
    bodyKind: 'bytes',
    query: z.object({
      project: projectName.optional().describe('Project of the inspections and of the archive'),
      name: fileName.optional().describe('File name'),
      platform: platformWord.default('all').describe('`all` inspects every image of the archive'),
      force: queryBoolean
        .default(false)
        .describe('Inspect again even if a current report is stored'),
    }),
    output: inspection,
    errors: [
      ...(['payload_too_large', 'incomplete_upload', 'upload_timeout', 'storage_full'] as const),
      ...(['invalid_archive', 'too_many_requests'] as const),
    ],
  }),
  show: defineOperation({
    name: 'inspections.show',
    method: 'GET',
    path: '/api/v1/inspections/:id',
    summary: 'Show an inspection with its progress and result',
    access: 'images.read',
    params: byId,
    query: z.object({
      waitSeconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(50)
        .default(0)
        .describe('Wait up to this many seconds for the inspection to end'),
    }),
    output: inspection,
    errors: ['not_found'],
    cli: { command: 'inspections show' },
  }),
  follow: defineOperation({
    name: 'inspections.follow',
    method: 'GET',
    path: '/api/v1/inspections/follow',
    summary: 'Stream the progress of inspections until they end',
    description:
      'Events: `inspection` (an inspection, at first and after each change), `end` (all have ' +
      'ended). `Last-Event-ID` resumes: inspections that have not changed are not sent again.',
    access: 'images.read',
    query: z.object({
      id: queryList(identifier, { atLeastOne: 'ID' }).describe('IDs of the inspections'),
    }),
    outputKind: 'events',
    output: inspection,
    errors: ['not_found', 'too_many_requests'],
  }),
  cancel: defineOperation({
    name: 'inspections.cancel',
    method: 'POST',
    path: '/api/v1/inspections/:id/cancel',
    summary: 'Cancel an inspection; no effect if it has already ended',
    access: 'images.inspect',
    params: byId,
    output: inspection,
    errors: ['not_found'],
    cli: { command: 'inspections cancel' },
  }),
} as const;
