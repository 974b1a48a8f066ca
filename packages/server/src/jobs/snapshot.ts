/** The input of placement, read in one transaction. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { readCapacities } from '../nodes/index.ts';
import { jobLimits } from './limits.ts';
import type { Snapshot, WaitingJob } from './place.ts';

/** A waiting job with its current reason. */
export interface QueuedJob extends WaitingJob {
  readonly waitReason: string | null;
  /** The engine's image is not pinned yet, so nothing can run. */
  readonly pinned: boolean;
}

export interface ReadSnapshot extends Snapshot {
  readonly jobs: readonly QueuedJob[];
}

/**
 * The head of the queue, the nodes and the usage of engines. Jobs of engines at their limit are
 * omitted beyond a few, so that a long queue of one engine does not hide other jobs.
 */
export async function readSnapshot(database: Kysely<Database>): Promise<ReadSnapshot> {
  const [nodes, live] = await Promise.all([readCapacities(database), readLive(database)]);
  const saturated = live
    .filter((use) => use.concurrency !== null && use.live >= use.concurrency)
    .map((use) => use.engine);
  const jobs = await readQueue(database, saturated);
  return {
    jobs,
    nodes,
    engines: Object.fromEntries([
      ...jobs.map((job) => [job.engine, { live: 0, concurrency: job.concurrency }] as const),
      ...live.map(
        (use) =>
          [use.engine, { live: use.live, concurrency: use.concurrency ?? undefined }] as const,
      ),
    ]),
    placementsMax: jobLimits.placementBatchJobs,
  };
}

interface EngineLoad {
  readonly engine: string;
  readonly live: number;
  readonly concurrency: number | null;
}

async function readLive(database: Kysely<Database>): Promise<readonly EngineLoad[]> {
  const { rows } = await sql<EngineLoad>`
    select engine, count(*)::int as live, min(concurrency)::int as concurrency from jobs
    where state in ('placed', 'starting', 'running', 'collecting')
    group by engine`.execute(database);
  return rows;
}

async function readQueue(
  database: Kysely<Database>,
  saturated: readonly string[],
): Promise<(QueuedJob & { readonly concurrency: number | undefined })[]> {
  const { rows } = await sql<QueueRow>`
    select jobs.id, jobs.engine, jobs.memory_bytes, jobs.cpus, jobs.priority, jobs.avoid_nodes,
      jobs.runtime, jobs.concurrency, jobs.wait_reason, revision.image_digest is not null as pinned
    from jobs
    join engine_revisions as revision
      on revision.engine = jobs.engine and revision.revision = jobs.engine_revision
    where jobs.state = 'queued' and jobs.not_before <= now()
      and (not jobs.engine = any(${saturated}::text[]) or jobs.wait_reason is null)
    order by jobs.priority desc, jobs.id
    limit ${jobLimits.queuedSnapshotJobs}`.execute(database);
  return rows.map((row) => ({
    id: row.id,
    engine: row.engine,
    memoryBytes: row.memory_bytes,
    cpus: row.cpus,
    priority: row.priority,
    avoidNodes: row.avoid_nodes,
    runtime: row.runtime ?? undefined,
    concurrency: row.concurrency ?? undefined,
    waitReason: row.wait_reason,
    pinned: row.pinned,
  }));
}

interface QueueRow {
  readonly id: string;
  readonly engine: string;
  readonly memory_bytes: number;
  readonly cpus: number;
  readonly priority: number;
  readonly avoid_nodes: string[];
  readonly runtime: string | null;
  readonly concurrency: number | null;
  readonly wait_reason: string | null;
  readonly pinned: boolean;
}
