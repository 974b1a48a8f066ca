/** Node: a place where containers run. */
import { z } from 'zod';

import { timestamp } from '../core/fields.ts';

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
