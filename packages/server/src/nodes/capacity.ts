/** Capacity of nodes, and reservations for attempts. */
import type { NodeState } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { serverLimits } from '../floor/limits.ts';

export interface NodeCapacity {
  readonly name: string;
  readonly state: NodeState;
  readonly schedulable: boolean;
  /** A worker currently serves the node. */
  readonly served: boolean;
  /** null until the node was reached for the first time. */
  readonly memoryBytes: number | null;
  readonly cpus: number | null;
  readonly reservedMemoryBytes: number;
  readonly reservedCpus: number;
  readonly runtimes: readonly string[];
}

/** Of the configured nodes. */
export async function readCapacities(database: Kysely<Database>): Promise<NodeCapacity[]> {
  const rows = await database
    .selectFrom('nodes')
    .selectAll()
    .select(sql<boolean>`coalesce(worker_lease_until > now(), false)`.as('served'))
    .where('configured', '=', true)
    .orderBy('name')
    .limit(serverLimits.nodes)
    .execute();
  return rows.map((row) => ({
    name: row.name,
    state: row.state as NodeState,
    schedulable: row.schedulable,
    served: row.served,
    memoryBytes: row.memory_bytes,
    cpus: row.cpus,
    reservedMemoryBytes: row.reserved_memory_bytes,
    reservedCpus: row.reserved_cpus,
    runtimes: Array.isArray(row.facts['runtimes']) ? (row.facts['runtimes'] as string[]) : [],
  }));
}

interface Reservation {
  readonly node: string;
  readonly memoryBytes: number;
  readonly cpus: number;
}

/**
 * Reserves for new attempts. Throws `InsufficientCapacity`, which must roll back the transaction.
 */
export async function reserveCapacity(
  transaction: Transaction<Database>,
  { node, memoryBytes, cpus, attempts }: Reservation & { readonly attempts: number },
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('nodes')
    .set({
      reserved_memory_bytes: sql<number>`reserved_memory_bytes + ${memoryBytes}`,
      reserved_cpus: sql<number>`reserved_cpus + ${cpus}`,
      live_attempts: sql<number>`live_attempts + ${attempts}`,
    })
    .where('name', '=', node)
    .where(sql<boolean>`reserved_memory_bytes + ${memoryBytes} <= memory_bytes`)
    .where(sql<boolean>`reserved_cpus + ${cpus} <= cpus + 0.001`)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new InsufficientCapacity(node);
}

/** The node changed between the snapshot and the plan's application. */
export class InsufficientCapacity extends Error {
  constructor(node: string) {
    super(`the node ${node} no longer has the capacity that the plan requires`);
    this.name = 'InsufficientCapacity';
  }
}

/** Releases the reservation of an attempt. */
export async function releaseCapacity(
  transaction: Transaction<Database>,
  { node, memoryBytes, cpus }: Reservation,
): Promise<void> {
  await transaction
    .updateTable('nodes')
    .set({
      reserved_memory_bytes: sql<number>`greatest(0, reserved_memory_bytes - ${memoryBytes})`,
      // Reset with the last attempt, so that rounding errors never add up.
      reserved_cpus: sql<number>`case when live_attempts <= 1 then 0
        else greatest(0, reserved_cpus - ${cpus}) end`,
      live_attempts: sql<number>`greatest(0, live_attempts - 1)`,
    })
    .where('name', '=', node)
    .execute();
}
