/** Operations on nodes. */
import { z } from 'zod';

import { line, page, paging } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { node } from './model.ts';

const byName = z.object({ name: line(limits.nameChars).min(1) });

export const nodeTags = {
  nodes: { title: 'Nodes', description: 'Where containers run.' },
} as const satisfies Record<string, OperationTag>;

export const nodes = {
  list: defineOperation({
    name: 'nodes.list',
    method: 'GET',
    path: '/api/v1/nodes',
    summary: 'List nodes with their memory, CPU and what runs on them',
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
    summary: 'One node',
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
    summary: 'Cordon a node (it finishes what it has and gets nothing new), or take it back',
    access: 'nodes.manage',
    params: byName,
    body: z.object({ schedulable: z.boolean() }),
    output: node,
    errors: ['not_found'],
    cli: { command: 'nodes update' },
  }),
} as const;
