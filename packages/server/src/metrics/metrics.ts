/**
 * Metrics for Prometheus. Events of this process (requests, finished jobs and their phases) are
 * counted as they happen; the state of the instance (queue, nodes, readers) is read from the
 * database at each scrape. Every process counts all finished jobs of the instance, so that one of
 * them suffices to be scraped; do not add them up over processes.
 */
import { type Operation } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Database } from '../floor/db/index.ts';
import { createGateMetrics, formatDurations, setGates } from './gate-metrics.ts';
import {
  createHookMetrics,
  observeRequest,
  setHooks,
  type ReceivedRequest,
} from './hook-metrics.ts';
import { readInstance, type FinishedJob, type InstanceState } from './store.ts';

export interface LoopReading {
  readonly name: string;
  readonly ok: boolean;
  readonly idleMs: number;
}

export interface ReaderReading {
  readonly name: string;
  lagSeconds(): Promise<number>;
}

export interface MetricsOptions {
  readonly database: Kysely<Database>;
  readonly version: string;
  readonly loops: () => readonly LoopReading[];
  readonly readers: () => readonly ReaderReading[];
  readonly subscribers: () => number;
}

export interface Metrics {
  /** Called for every response of the API. */
  observeAnswer(operation: Operation, status: number, seconds: number): void;
  /** Called for every job that reached its final state. */
  observeJob(job: FinishedJob): void;
  /** Called for every request to the address of a hook. */
  observeHook(request: ReceivedRequest): void;
  /** The text for Prometheus. */
  read(): Promise<string>;
}

const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const phaseBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

/** Creates the metrics of a process. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const seen = createCounters(registry);
  const gauges = createGauges(registry);
  const totals = createTotals(registry);
  const gates = createGateMetrics(registry);
  const hooks = createHookMetrics(registry);
  gauges.build.set({ version: options.version }, 1);
  return {
    observeAnswer: (operation, status, seconds) => {
      seen.requests.observe({ operation: operation.name, status: String(status) }, seconds);
    },
    observeJob: (job) => {
      const { engine, state, outcome } = job;
      seen.jobs.inc({ engine, state, outcome });
      for (const [phase, seconds] of Object.entries(job.phaseSeconds)) {
        seen.phases.observe({ engine, phase }, seconds);
      }
    },
    observeHook: (request) => observeRequest(hooks, request),
    read: async () => {
      const state = await readInstance(options.database).catch(() => undefined);
      gauges.database.set(state === undefined ? 0 : 1);
      setInstance(gauges, state);
      setNotifications(gauges, totals, state?.notifications ?? []);
      setGates(gates, state?.gates ?? []);
      setHooks(hooks, state?.hooks ?? []);
      await setProcess(gauges, options);
      return `${await registry.metrics()}\n${await formatDurations(state?.gates ?? [])}`;
    },
  };
}

function createCounters(registry: Registry) {
  return {
    requests: new Histogram({
      name: 'lazaret_http_request_duration_seconds',
      help: 'Time from request to response, by operation and status',
      labelNames: ['operation', 'status'],
      buckets: requestBuckets,
      registers: [registry],
    }),
    jobs: new Counter({
      name: 'lazaret_jobs_total',
      help: 'Jobs that reached their final state since this process started',
      labelNames: ['engine', 'state', 'outcome'],
      registers: [registry],
    }),
    phases: new Histogram({
      name: 'lazaret_attempt_phase_duration_seconds',
      help: 'Time of the phases of the last attempt of finished jobs',
      labelNames: ['engine', 'phase'],
      buckets: phaseBuckets,
      registers: [registry],
    }),
  };
}

/** Totals that the database counts, for the instance and not for the process. */
function createTotals(registry: Registry) {
  return {
    notifications: new Counter({
      name: 'lazaret_notification_deliveries_total',
      help: 'Deliveries of notifications that ended, by outcome: delivered or dead (letters)',
      labelNames: ['target', 'outcome'],
      registers: [registry],
    }),
    failedAttempts: new Counter({
      name: 'lazaret_notification_failed_attempts_total',
      help: 'Attempts to deliver a notification that failed',
      labelNames: ['target'],
      registers: [registry],
    }),
  };
}

function createGauges(registry: Registry) {
  const of = <T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> =>
    new Gauge({ name: `lazaret_${name}`, help, labelNames, registers: [registry] });
  return {
    build: of('build_info', 'The running version; always 1', ['version']),
    database: of('database_up', 'Whether the database responded to this scrape'),
    live: of('jobs', 'Jobs that are not finished, by state', ['state']),
    queued: of('queue_jobs', 'Jobs that wait, by engine', ['engine']),
    inspections: of('inspections', 'Inspections that are not finished, by state', ['state']),
    scripts: of('script_runs', 'Runs of scripts that are not finished, by state', ['state']),
    arrivals: of('arrivals_waiting', 'Arrivals that wait for their inspection', ['source']),
    decisions: of('decisions_last_hour', 'Decisions of the last hour, by action', ['action']),
    undecided: of('arrivals_undecided', 'Settled arrivals that wait for their decision'),
    rejudging: of('rejudge_pending_images', 'Stored images that are to be judged again'),
    quarantined: of('quarantine_images', 'Images in quarantine, by state', ['state']),
    quarantineBytes: of('quarantine_bytes', 'Size of the evidence of quarantined images'),
    registryActions: of('registry_actions', 'Actions on registries that have not ended, by state', [
      'kind',
      'state',
    ]),
    registryFailures: of('registry_poll_failures', 'Failed polls in a row', [
      'registry',
      'project',
    ]),
    registryAge: of('registry_poll_age_seconds', 'Time since a poll read everything', [
      'registry',
      'project',
    ]),
    notificationsPending: of('notification_deliveries_pending', 'Deliveries that wait', ['target']),
    notificationsOldest: of(
      'notification_oldest_pending_seconds',
      'How long the oldest delivery to the target waits',
      ['target'],
    ),
    notificationFailures: of('notification_target_failures', 'Failed attempts in a row', [
      'target',
    ]),
    oldest: of('queue_oldest_wait_seconds', 'How long the oldest waiting job waits', ['engine']),
    nodeUp: of('node_up', 'Whether the node is online', ['node']),
    nodeSchedulable: of('node_schedulable', 'Whether the node takes new attempts', ['node']),
    nodeAttempts: of('node_attempts', 'Attempts that are live on the node', ['node']),
    nodeMemory: of('node_memory_bytes', 'Memory that may be reserved', ['node']),
    nodeMemoryReserved: of('node_memory_reserved_bytes', 'Memory reserved by attempts', ['node']),
    nodeCpus: of('node_cpus', 'CPUs that may be reserved', ['node']),
    nodeCpusReserved: of('node_cpus_reserved', 'CPUs reserved by attempts', ['node']),
    readerLag: of('event_reader_lag_seconds', 'Age of the oldest event not read yet', ['reader']),
    subscribers: of('event_streams', 'Open streams of events of this process'),
    loopUp: of('loop_up', 'Whether the loop makes progress', ['loop']),
    loopIdle: of('loop_idle_seconds', 'Time since the loop last made progress', ['loop']),
  };
}

type Gauges = ReturnType<typeof createGauges>;

/** Removed objects (a node, an engine's last waiting job) have no series any more. */
function setInstance(gauges: Gauges, state: InstanceState | undefined): void {
  const { live, queued, oldest } = gauges;
  const perNode = [
    gauges.nodeUp,
    gauges.nodeSchedulable,
    gauges.nodeAttempts,
    gauges.nodeMemory,
    gauges.nodeMemoryReserved,
    gauges.nodeCpus,
    gauges.nodeCpusReserved,
  ];
  const perRegistry = [
    ...[gauges.arrivals, gauges.registryFailures, gauges.registryAge],
    ...[gauges.quarantined, gauges.registryActions, gauges.decisions],
  ];
  const perState = [live, gauges.inspections, gauges.scripts];
  const all = [...perState, queued, oldest, ...perNode, ...perRegistry];
  for (const one of all) one.reset();
  if (state === undefined) return;
  setRegistries(gauges, state);
  setQuarantine(gauges, state);
  setJudging(gauges, state);
  for (const { state: name, jobs } of state.live) live.set({ state: name }, jobs);
  for (const { state: name, count } of state.inspections) {
    gauges.inspections.set({ state: name }, count);
  }
  for (const { state: name, count } of state.scripts) gauges.scripts.set({ state: name }, count);
  for (const { engine, jobs, oldestSeconds } of state.queue) {
    queued.set({ engine }, jobs);
    oldest.set({ engine }, oldestSeconds);
  }
  for (const node of state.nodes) {
    const label = { node: node.name };
    gauges.nodeUp.set(label, node.online ? 1 : 0);
    gauges.nodeSchedulable.set(label, node.schedulable ? 1 : 0);
    gauges.nodeAttempts.set(label, node.attempts);
    if (node.memoryBytes !== null) gauges.nodeMemory.set(label, node.memoryBytes);
    gauges.nodeMemoryReserved.set(label, node.reservedMemoryBytes);
    if (node.cpus !== null) gauges.nodeCpus.set(label, node.cpus);
    gauges.nodeCpusReserved.set(label, node.reservedCpus);
  }
}

function setRegistries(gauges: Gauges, { registries, arrivals }: InstanceState): void {
  for (const { source, count } of arrivals) gauges.arrivals.set({ source }, count);
  for (const { name, project, failures, ageSeconds } of registries) {
    const label = { registry: name, project };
    gauges.registryFailures.set(label, failures);
    if (ageSeconds !== null) gauges.registryAge.set(label, ageSeconds);
  }
}

function setJudging(gauges: Gauges, { judging }: InstanceState): void {
  for (const { action, count } of judging.decisions) gauges.decisions.set({ action }, count);
  gauges.undecided.set(judging.undecided);
  gauges.rejudging.set(judging.pending);
}

function setQuarantine(gauges: Gauges, { quarantine, actions }: InstanceState): void {
  for (const { state, count } of quarantine.images) gauges.quarantined.set({ state }, count);
  gauges.quarantineBytes.set(quarantine.bytes);
  for (const { kind, state, count } of actions) gauges.registryActions.set({ kind, state }, count);
}

function setNotifications(
  gauges: Gauges,
  { notifications, failedAttempts }: ReturnType<typeof createTotals>,
  readings: InstanceState['notifications'],
): void {
  const { notificationsPending, notificationsOldest, notificationFailures } = gauges;
  for (const one of [notificationsPending, notificationsOldest, notificationFailures]) one.reset();
  notifications.reset();
  failedAttempts.reset();
  for (const { target, ...reading } of readings) {
    notificationsPending.set({ target }, reading.pending);
    notificationsOldest.set({ target }, reading.oldestSeconds);
    notificationFailures.set({ target }, reading.failures);
    notifications.inc({ target, outcome: 'delivered' }, reading.delivered);
    notifications.inc({ target, outcome: 'dead' }, reading.dead);
    failedAttempts.inc({ target }, reading.failed);
  }
}

async function setProcess(gauges: Gauges, options: MetricsOptions): Promise<void> {
  gauges.subscribers.set(options.subscribers());
  for (const one of [gauges.readerLag, gauges.loopUp, gauges.loopIdle]) one.reset();
  for (const { name, ok, idleMs } of options.loops()) {
    gauges.loopUp.set({ loop: name }, ok ? 1 : 0);
    gauges.loopIdle.set({ loop: name }, idleMs / 1_000);
  }
  for (const reader of options.readers()) {
    const seconds = await reader.lagSeconds().catch(() => undefined);
    if (seconds !== undefined) gauges.readerLag.set({ reader: reader.name }, seconds);
  }
}
