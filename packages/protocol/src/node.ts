/** Node: a place where containers run, and the operations on nodes. */
import { z } from 'zod';

import { line, page, paging, timestamp } from './fields.ts';
import { limits } from './limits.ts';
import { defineOperation } from './operation.ts';

/** unknown: not probed yet, or nobody serves it now; never taken for gone. */
export const nodeStates = ['online', 'offline', 'unknown'] as const;
export type NodeState = (typeof nodeStates)[number];

export const node = z.object({
  name: z.string(),
  kind: z.enum(['docker']),
  endpoint: z.string(),
  state: z.enum(nodeStates),
  /** Cordoned nodes get no new attempts; draining ones are cordoned until they are empty. */
  schedulable: z.boolean(),
  problem: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  memoryBytes: z.number().nullable(),
  cpus: z.number().nullable(),
  reservedMemoryBytes: z.number(),
  reservedCpus: z.number(),
  runningAttempts: z.number().int(),
  /** Version, runtimes, security options and so on as the container engine tells them. */
  facts: z.record(z.string(), z.unknown()),
  lastSeenAt: timestamp.nullable(),
  changedAt: timestamp,
});
export type Node = z.output<typeof node>;

const byName = z.object({ name: line(limits.nameChars).min(1) });

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
