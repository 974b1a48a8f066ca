/**
 * Rows of nodes: configuration, result of the last probe, serving worker. A node is offline only
 * after several failed probes in a row (hysteresis), and offline does not mean that its containers
 * ended: their state is unknown until their lease ends.
 */
import { Problem, slug, type Node, type NodeState } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';

/** The configuration of a node. */
export interface NodeConfiguration {
  readonly name: string;
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`. */
  readonly endpoint: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The capacity that Lazaret may use; that of the engine minus a reserve, unless given. */
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
}

/** Writes the configured nodes; others remain as history and get no attempts. */
export async function registerNodes(
  database: Kysely<Database>,
  configured: readonly NodeConfiguration[],
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await transaction.updateTable('nodes').set({ configured: false }).execute();
    for (const node of configured) {
      const values = {
        kind: 'docker',
        endpoint: node.endpoint,
        labels: JSON.stringify(node.labels),
        configured: true,
      };
      await transaction
        .insertInto('nodes')
        .values({ name: node.name, ...values })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
        .execute();
    }
  });
}

export interface ProbeResult {
  readonly state: NodeState;
  readonly problem: string | null;
  /** null when the engine did not answer: earlier values remain. */
  readonly facts: Readonly<Record<string, unknown>> | null;
  readonly memoryBytes: number | null;
  readonly cpus: number | null;
}

/** Stores the result of a probe and renews the worker's lease of the node. */
export async function reportProbe(
  database: Kysely<Database>,
  key: { readonly node: string; readonly worker: string },
  result: ProbeResult,
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    const before = await transaction
      .selectFrom('nodes')
      .select('state')
      .where('name', '=', key.node)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return;
    const changed = before.state !== result.state;
    await transaction
      .updateTable('nodes')
      .set({
        state: result.state,
        problem: result.problem,
        worker: key.worker,
        worker_lease_until: sql<Date>`now() + ${serverLimits.leaseMs} * interval '1 millisecond'`,
        ...(result.facts === null
          ? {}
          : {
              facts: JSON.stringify(result.facts),
              memory_bytes: result.memoryBytes,
              cpus: result.cpus,
              last_seen_at: sql<Date>`now()`,
            }),
        ...(changed ? { changed_at: sql<Date>`now()` } : {}),
      })
      .where('name', '=', key.node)
      .execute();
    if (!changed) return;
    await appendEvents(transaction, [
      {
        type: 'node.changed',
        subject: key.node,
        actor: 'worker',
        data: { state: result.state, before: before.state, problem: result.problem },
      },
    ]);
  });
}

/** Releases the node, so that the next worker need not wait for the lease to expire. */
export async function releaseNode(
  database: Kysely<Database>,
  key: { readonly node: string; readonly worker: string },
): Promise<void> {
  await database
    .updateTable('nodes')
    .set({ state: 'unknown', worker: null, worker_lease_until: null, changed_at: sql<Date>`now()` })
    .where('name', '=', key.node)
    .where('worker', '=', key.worker)
    .execute();
}

export async function listNodes(
  database: Kysely<Database>,
  ask: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ items: Node[]; next: string | null }> {
  let query = database
    .selectFrom('nodes')
    .selectAll()
    .orderBy('name')
    .limit(ask.limit + 1);
  checkCursor(ask.cursor, slug);
  if (ask.cursor !== undefined) query = query.where('name', '>', ask.cursor);
  query = query.where((eb) => eb.or([eb('configured', '=', true), eb('live_attempts', '>', 0)]));
  const rows = await query.execute();
  const items = rows.slice(0, ask.limit).map(toNode);
  return { items, next: rows.length > ask.limit ? (items.at(-1)?.name ?? null) : null };
}

export async function readNode(database: Kysely<Database>, name: string): Promise<Node> {
  const row = await database
    .selectFrom('nodes')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no node ${name}`);
  return toNode(row);
}

/** Cordons or uncordons a node. */
export async function setSchedulable(
  database: Kysely<Database>,
  change: { readonly name: string; readonly schedulable: boolean; readonly actor: string },
): Promise<Node> {
  await database.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('nodes')
      .set({ schedulable: change.schedulable })
      .where('name', '=', change.name)
      .where('schedulable', '!=', change.schedulable)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await appendEvents(transaction, [
      {
        type: 'node.scheduling',
        subject: change.name,
        actor: change.actor,
        data: { schedulable: change.schedulable },
      },
    ]);
  });
  return readNode(database, change.name);
}

function toNode(row: Selectable<Database['nodes']>): Node {
  return {
    name: row.name,
    kind: 'docker',
    endpoint: row.endpoint,
    state: row.state as NodeState,
    schedulable: row.schedulable,
    problem: row.configured ? row.problem : 'is no longer configured',
    labels: row.labels,
    memoryBytes: row.memory_bytes,
    cpus: row.cpus,
    reservedMemoryBytes: row.reserved_memory_bytes,
    reservedCpus: row.reserved_cpus,
    runningAttempts: row.live_attempts,
    facts: row.facts,
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    changedAt: row.changed_at.toISOString(),
  };
}

/** States of the configured nodes. */
export async function readStates(database: Kysely<Database>): Promise<string[]> {
  const rows = await database
    .selectFrom('nodes')
    .select('state')
    .where('configured', '=', true)
    .limit(serverLimits.nodes)
    .execute();
  return rows.map(({ state }) => state);
}

/** Configured nodes that are not online. */
export async function listOffline(
  database: Kysely<Database>,
  limit: number,
): Promise<{ readonly name: string; endpoint: string; state: string; problem: string | null }[]> {
  return database
    .selectFrom('nodes')
    .select(['name', 'endpoint', 'state', 'problem'])
    .where('configured', '=', true)
    .where('state', '!=', 'online')
    .orderBy('name')
    .limit(limit)
    .execute();
}
