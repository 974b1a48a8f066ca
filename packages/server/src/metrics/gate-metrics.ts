/**
 * Metrics of the gate. The processes that serve it report their counters to the database, so that
 * one scrape of the API has those of all; a process that ended has no series any more.
 */
import { sql, type Kysely } from 'kysely';
import { AggregatorRegistry, Counter, Gauge, type Registry } from 'prom-client';

import type { Database, DurationCounts, GateDurations, GateStateRow } from '../floor/db/index.ts';
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
    metrics.blobs.inc({ gate, outcome: 'served' }, counters.blobs);
    metrics.blobs.inc({ gate, outcome: 'denied' }, counters.blobsDenied);
    metrics.bytes.inc({ gate }, counters.bytes);
    metrics.reviews.inc({ gate, outcome: 'allowed' }, counters.admitted);
    metrics.reviews.inc({ gate, outcome: 'denied' }, counters.rejected);
    metrics.unauthorized.inc({ gate }, counters.unauthorized);
  }
}

/** The histograms of the gates, as text. They were counted by other processes. */
export async function formatDurations(gates: readonly GateReading[]): Promise<string> {
  const pulls = {
    kind: 'pulls',
    help: 'Time from a request for a manifest to its answer',
  } as const;
  const reviews = { kind: 'reviews', help: 'Time from an admission review to its answer' } as const;
  const metrics = [
    { ...pulls, name: 'lazaret_gate_pull_duration_seconds' },
    { ...reviews, name: 'lazaret_gate_review_duration_seconds' },
  ].map(({ kind, ...metric }) => ({
    ...{ ...metric, type: 'histogram', aggregator: 'sum' },
    values: gates.flatMap(({ name: gate, durations }) =>
      durations === undefined
        ? []
        : Object.entries(durations[kind]).flatMap(([outcome, found]) =>
            listSamples(metric.name, { gate, outcome }, { ...found, bounds: durations.bounds }),
          ),
    ),
  }));
  return AggregatorRegistry.aggregate([metrics]).metrics();
}

/** Of one histogram: its buckets, which are cumulative, its sum and its count. */
function listSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { bounds, counts, sum }: DurationCounts & Pick<GateDurations, 'bounds'>,
): object[] {
  let total = 0;
  const buckets = counts.map((count, at) => {
    total += count;
    const le = bounds[at] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
