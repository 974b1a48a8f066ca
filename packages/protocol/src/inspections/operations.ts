/** Operations on inspections. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, page, paging, queryList } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { inspection, inspectionStates } from './model.ts';

const byId = z.object({ id: identifier });

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
      project: projectName.optional(),
      state: queryList(z.enum(inspectionStates)).optional(),
    }),
    output: page(inspection),
    cli: {
      command: 'inspections list',
      columns: ['id', 'reference', 'platform', 'state', 'createdAt', 'problem.code'],
    },
  }),
  show: defineOperation({
    name: 'inspections.show',
    method: 'GET',
    path: '/api/v1/inspections/:id',
    summary: 'Show an inspection with its progress and result',
    access: 'images.read',
    params: byId,
    query: z.object({
      /** Wait up to this many seconds for the inspection to end. */
      waitSeconds: z.coerce.number().int().min(0).max(50).default(0),
    }),
    output: inspection,
    errors: ['not_found'],
    cli: { command: 'inspections show' },
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
