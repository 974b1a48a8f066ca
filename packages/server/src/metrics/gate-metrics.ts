/**
 * Metrics of the gate. The processes that serve it report their counters to the database, so that
 * one scrape of the API has those of all; a process that ended has no series any more.
 */
import { sql, type Kysely } from 'kysely';
import { Counter, Gauge, type Registry } from 'prom-client';

import type { Database, GateStateRow } from '../floor/db/index.ts';
import { serverLimits } from '../floor/limits.ts';

export interface GateReading extends GateStateRow {
  /** `HOST ADDRESS` of the process. */
  readonly name: string;
  readonly up: boolean;
}

export async function readGates(database: Kysely<Database>): Promise<readonly GateReading[]> {
  const { rows } = await sql<{ name: string; up: boolean; state: GateStateRow }>`
    select host || ' ' || address as name, problem is null as up, state from gates
    where seen_at > now() - ${serverLimits.leaseMs} * interval '1 millisecond'
    order by id limit ${serverLimits.nodes}`.execute(database);
  return rows.map(({ name, up, state }) => ({ name, up, ...state }));
}

export type GateMetrics = ReturnType<typeof createGateMetrics>;

export function createGateMetrics(registry: Registry) {
  const about = <T extends string>(name: string, help: string, labels: T[]) => ({
    ...{ name: `lazaret_gate_${name}`, help, labelNames: ['gate' as const, ...labels] },
    registers: [registry],
  });
  return {
    up: new Gauge(about('up', 'Whether the gate can read decisions', [])),
    waiting: new Gauge(about('waiting_pulls', 'Pulls that wait for an inspection', [])),
    transfers: new Gauge(about('transfers', 'Blobs that are being sent', [])),
    pulls: new Counter(about('pulls_total', 'Requests for manifests, by outcome', ['outcome'])),
    seconds: new Counter(
      about('pull_seconds_total', 'Time that all requests for manifests took', []),
    ),
    blobs: new Counter(about('blobs_total', 'Requests for blobs, by outcome', ['outcome'])),
    bytes: new Counter(about('sent_bytes_total', 'Bytes that were sent to clients', [])),
    reviews: new Counter(about('reviews_total', 'Reviewed workloads, by outcome', ['outcome'])),
    unauthorized: new Counter(
      about('unauthorized_total', 'Requests without valid credentials', []),
    ),
  };
}

export function setGates(metrics: GateMetrics, gates: readonly GateReading[]): void {
  for (const one of Object.values(metrics)) one.reset();
  for (const { name: gate, up, waiting, transfers, counters } of gates) {
    metrics.up.set({ gate }, up ? 1 : 0);
    metrics.waiting.set({ gate }, waiting);
    metrics.transfers.set({ gate }, transfers);
    for (const [outcome, count] of Object.entries(counters.pulls)) {
      metrics.pulls.inc({ gate, outcome }, count);
    }
    metrics.seconds.inc({ gate }, counters.manifestSeconds);
    metrics.blobs.inc({ gate, outcome: 'served' }, counters.blobs);
    metrics.blobs.inc({ gate, outcome: 'denied' }, counters.blobsDenied);
    metrics.bytes.inc({ gate }, counters.bytes);
    metrics.reviews.inc({ gate, outcome: 'allowed' }, counters.admitted);
    metrics.reviews.inc({ gate, outcome: 'denied' }, counters.rejected);
    metrics.unauthorized.inc({ gate }, counters.unauthorized);
  }
}
