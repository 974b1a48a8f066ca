/** Operations on nodes. */
import { z } from 'zod';

import { line, page, paging } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { node } from './model.ts';

const byName = z.object({ name: line(limits.nameChars).min(1).describe('Name of the node') });

export const nodeTags = {
  nodes: { title: 'Nodes', description: 'Container engines that run jobs.' },
} as const satisfies Record<string, OperationTag>;

export const nodes = {
  list: defineOperation({
    name: 'nodes.list',
    method: 'GET',
    path: '/api/v1/nodes',
    summary: 'List nodes with their memory, CPU and running attempts',
    access: 'nodes.read',
    query: z.object(paging),
    output: page(node),
    cli: {
      command: 'nodes list',
      columns: [
        'name',
        'state',
        'schedulable',
        'runningAttempts',
        'cpus',
        'memoryBytes',
        'problem',
      ],
    },
  }),
  show: defineOperation({
    name: 'nodes.show',
    method: 'GET',
    path: '/api/v1/nodes/:name',
    summary: 'Show a node',
    access: 'nodes.read',
    params: byName,
    output: node,
    errors: ['not_found'],
    cli: { command: 'nodes show' },
  }),
  update: defineOperation({
    name: 'nodes.update',
    method: 'PATCH',
    path: '/api/v1/nodes/:name',
    summary: 'Cordon a node (no new attempts are placed on it) or uncordon it',
    access: 'nodes.manage',
    params: byName,
    body: z.object({
      schedulable: z.boolean().describe('Whether new attempts are placed on the node'),
    }),
    output: node,
    errors: ['not_found'],
    cli: { command: 'nodes update' },
  }),
} as const;
