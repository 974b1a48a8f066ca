/** Queries for metrics: bounded by the queue, the nodes and a page of jobs. */
import { limits, units, type Telemetry } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { idAt } from '../floor/ids.ts';
import { serverLimits } from '../floor/limits.ts';
import { readGates, type GateReading } from './gate-metrics.ts';
import { readHooks, type HookReading } from './hook-metrics.ts';

export interface InstanceState {
  readonly gates: readonly GateReading[];
  readonly hooks: readonly HookReading[];
  readonly judging: {
    /** Of the last hour. */
    readonly decisions: readonly { readonly action: string; readonly count: number }[];
    /** Settled arrivals without a decision. */
    readonly undecided: number;
    /** Stored images that are to be judged again. */
    readonly pending: number;
  };
  readonly registries: readonly RegistryReading[];
  readonly quarantine: {
    readonly images: readonly { readonly state: string; readonly count: number }[];
    /** Of the evidence; content of several images counts once. */
    readonly bytes: number;
  };
  /** That have not ended. */
  readonly actions: readonly {
    readonly kind: string;
    readonly state: string;
    readonly count: number;
  }[];
  /** Arrivals that wait for their inspection. */
  readonly arrivals: readonly { readonly source: string; readonly count: number }[];
  /** Runs of collector scripts that wait or run. */
  readonly scripts: readonly { readonly state: string; readonly count: number }[];
  /** Inspections that wait or run. */
  readonly inspections: readonly { readonly state: string; readonly count: number }[];
  readonly notifications: readonly NotificationReading[];
  readonly live: readonly { readonly state: string; readonly jobs: number }[];
  readonly queue: readonly {
    readonly engine: string;
    readonly jobs: number;
    readonly oldestSeconds: number;
  }[];
  readonly nodes: readonly NodeReading[];
}

interface RegistryReading {
  readonly name: string;
  readonly project: string;
  /** Failed polls in a row. */
  readonly failures: number;
  /** Since the last poll that read everything; null before the first. */
  readonly ageSeconds: number | null;
}

/** A target of notifications, with totals since it was added. */
interface NotificationReading {
  readonly target: string;
  readonly delivered: number;
  readonly dead: number;
  readonly failed: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  readonly pending: number;
  /** How long the oldest delivery waits. */
  readonly oldestSeconds: number;
}

interface NodeReading {
  readonly name: string;
  readonly online: boolean;
  readonly schedulable: boolean;
  readonly attempts: number;
  readonly memoryBytes: number | null;
  readonly reservedMemoryBytes: number;
  readonly cpus: number | null;
  readonly reservedCpus: number;
}

const liveStates = ['queued', 'placed', 'starting', 'running', 'collecting'] as const;

/** The current state of the instance. Both queries on jobs use the partial indexes. */
export async function readInstance(database: Kysely<Database>): Promise<InstanceState> {
  const [queue, live, nodes, inspections, registries, arrivals, ...others] = await Promise.all([
    readQueue(database),
    readLive(database),
    readNodes(database),
    readInspections(database),
    readRegistries(database),
    readArrivals(database),
    readQuarantine(database),
    readActions(database),
    readNotifications(database),
    readScripts(database),
    readGates(database),
    readJudging(database),
    readHooks(database),
  ]);
  const [quarantine, actions, notifications, scripts, gates, judging, hooks] = others;
  const counts = new Map<string, number>(liveStates.map((state) => [state, 0]));
  for (const { state, jobs } of live) counts.set(state, jobs);
  counts.set(
    'queued',
    queue.reduce((sum, { jobs }) => sum + jobs, 0),
  );
  return {
    ...{ queue, nodes, inspections, registries, arrivals, quarantine, actions },
    ...{ notifications, scripts, gates, judging, hooks },
    live: [...counts].map(([state, jobs]) => ({ state, jobs })),
  };
}

async function readInspections(database: Kysely<Database>): Promise<InstanceState['inspections']> {
  const { rows } = await sql<InstanceState['inspections'][number]>`
    select state, count(i.state) as count from (values ('queued'), ('running')) as s (state)
    left join inspections i using (state) group by state`.execute(database);
  return rows;
}

async function readJudging(database: Kysely<Database>): Promise<InstanceState['judging']> {
  const { rows: clock } = await sql<{ ms: number }>`
    select extract(epoch from now())::float8 * 1000 as ms`.execute(database);
  const since = idAt(Math.floor(clock[0]?.ms ?? 0) - units.hourMs);
  const { rows: decisions } = await sql<{ action: string; count: number }>`
    select action, count(*) as count from decisions where id >= ${since}
    group by action`.execute(database);
  const { rows } = await sql<{ undecided: number; pending: number }>`
    select (select count(*) from arrivals where decision is null and settled_at is not null)
        as undecided,
      (select coalesce(sum(greatest(total - judged, 0)), 0)::bigint from rejudgements
        where state <> 'idle') as pending`.execute(database);
  return { decisions, undecided: rows[0]?.undecided ?? 0, pending: rows[0]?.pending ?? 0 };
}

async function readScripts(database: Kysely<Database>): Promise<InstanceState['scripts']> {
  const { rows } = await sql<InstanceState['scripts'][number]>`
    select state, count(r.state) as count from (values ('queued'), ('running')) as s (state)
    left join script_runs r using (state) group by state`.execute(database);
  return rows;
}

async function readRegistries(database: Kysely<Database>): Promise<readonly RegistryReading[]> {
  const { rows } = await sql<RegistryReading>`
    select name, project, failures,
           extract(epoch from now() - poll_complete_at)::float8 as "ageSeconds"
    from registries where enabled order by name limit ${serverLimits.registriesMeasured}`.execute(
    database,
  );
  return rows;
}

async function readArrivals(database: Kysely<Database>): Promise<InstanceState['arrivals']> {
  const { rows } = await sql<InstanceState['arrivals'][number]>`
    select source, count(*) as count from arrivals where state = 'waiting'
    group by source`.execute(database);
  return rows;
}

async function readQuarantine(database: Kysely<Database>): Promise<InstanceState['quarantine']> {
  const { rows: images } = await sql<{ state: string; count: number }>`
    select state, count(*) as count from quarantine_items group by state`.execute(database);
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(size_bytes), 0)::bigint as bytes from (
      select distinct on (c.digest) c.digest, c.size_bytes from quarantine_contents c
      join quarantine_items i on i.id = c.item
      where c.deleted_at is null and i.state not in ('failed', 'purged')
      order by c.digest) as contents`.execute(database);
  return { images, bytes: rows[0]?.bytes ?? 0 };
}

async function readActions(database: Kysely<Database>): Promise<InstanceState['actions']> {
  const { rows } = await sql<InstanceState['actions'][number]>`
    select kind, state, count(*) as count from actions
    where state in ('proposed', 'approved', 'running') group by kind, state`.execute(database);
  return rows;
}

async function readNotifications(
  database: Kysely<Database>,
): Promise<readonly NotificationReading[]> {
  const { rows } = await sql<NotificationReading>`
    select name as target, delivered, dead, failed, failures,
           coalesce(waiting.pending, 0)::int as pending,
           coalesce(waiting.seconds, 0)::float8 as "oldestSeconds"
    from notification_targets t
    left join lateral (
      select count(*) as pending, extract(epoch from now() - min(queued_at)) as seconds
      from notification_deliveries d where d.target = t.id and d.state = 'queued'
    ) as waiting on true
    order by name limit ${serverLimits.notificationTargetsMeasured}`.execute(database);
  return rows;
}

async function readQueue(database: Kysely<Database>): Promise<InstanceState['queue']> {
  const { rows } = await sql<InstanceState['queue'][number]>`
    select engine, count(*) as jobs,
           extract(epoch from now() - min(queued_at))::float8 as "oldestSeconds"
    from jobs where state = 'queued' group by engine
    order by jobs desc limit ${limits.engines}`.execute(database);
  return rows;
}

async function readLive(database: Kysely<Database>): Promise<InstanceState['live']> {
  const { rows } = await sql<InstanceState['live'][number]>`
    select state, count(*) as jobs from jobs
    where state in ('placed', 'starting', 'running', 'collecting') group by state`.execute(
    database,
  );
  return rows;
}

async function readNodes(database: Kysely<Database>): Promise<readonly NodeReading[]> {
  const { rows } = await sql<NodeReading>`
    select name, state = 'online' as online, schedulable, live_attempts as attempts,
           memory_bytes as "memoryBytes", reserved_memory_bytes as "reservedMemoryBytes",
           cpus, reserved_cpus as "reservedCpus"
    from nodes where configured order by name limit ${serverLimits.nodes}`.execute(database);
  return rows;
}

export interface FinishedJob {
  readonly engine: string;
  readonly state: string;
  readonly outcome: string;
  readonly phaseSeconds: Readonly<Record<string, number>>;
}

/** Finished jobs with the phases of their last attempt. */
export async function readFinished(
  database: Kysely<Database>,
  ids: readonly string[],
): Promise<FinishedJob[]> {
  const { rows } = await sql<{
    engine: string;
    state: string;
    outcome: string | null;
    telemetry: Partial<Telemetry> | null;
  }>`
    select jobs.engine, jobs.state, jobs.outcome_code as outcome, last.telemetry
    from jobs left join lateral (
      select telemetry from attempts where attempts.job = jobs.id order by number desc limit 1
    ) as last on true
    where jobs.id = any(${[...ids]}::text[])`.execute(database);
  return rows.map(({ engine, state, outcome, telemetry }) => ({
    engine,
    state,
    outcome: outcome ?? 'unknown',
    phaseSeconds: phasesOf(telemetry ?? {}),
  }));
}

const phases = {
  wait: 'waitMs',
  pull: 'pullMs',
  create: 'createMs',
  input: 'inputMs',
  start: 'startMs',
  run: 'runMs',
  collect: 'collectMs',
  remove: 'removeMs',
} as const satisfies Record<string, keyof Telemetry>;

function phasesOf(telemetry: Partial<Telemetry>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(phases).flatMap(([phase, field]) => {
      const ms = telemetry[field];
      return typeof ms === 'number' && ms >= 0 ? [[phase, ms / 1_000]] : [];
    }),
  );
}
