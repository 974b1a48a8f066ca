/** Node: a container engine that runs attempts. */
import { z } from 'zod';

import { timestamp } from '../core/fields.ts';

/** `unknown`: not probed yet, or no worker serves the node; not treated as lost. */
export const nodeStates = ['online', 'offline', 'unknown'] as const;
export type NodeState = (typeof nodeStates)[number];

export const node = z.object({
  name: z.string(),
  kind: z.enum(['docker']),
  endpoint: z.string(),
  state: z.enum(nodeStates),
  schedulable: z
    .boolean()
    .describe('Whether new attempts are placed on the node; false if it is cordoned'),
  problem: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  memoryBytes: z.number().nullable(),
  cpus: z.number().nullable(),
  reservedMemoryBytes: z.number(),
  reservedCpus: z.number(),
  runningAttempts: z.number().int(),
  facts: z
    .record(z.string(), z.unknown())
    .describe(
      'Version, runtimes, security options and other properties reported by the container engine',
    ),
  lastSeenAt: timestamp.nullable(),
  changedAt: timestamp,
});
export type Node = z.output<typeof node>;
