/** Reads the data that a worker needs to run attempts. */
import { sql, type Kysely } from 'kysely';
import type { EngineManifest } from '@lazaret/protocol';

import type { Database } from '../floor/db/schema.ts';
import type { AttemptTask, TaskInput } from './container-spec.ts';

interface TaskRow {
  readonly attempt: string;
  readonly fence: string;
  readonly number: number;
  readonly job: string;
  readonly engine: string;
  readonly state: string;
  readonly manifest: EngineManifest;
  readonly image_digest: string;
  readonly image_kind: string;
  readonly image_reference: string;
  readonly parameters: Record<string, unknown>;
  readonly time_limit_ms: number;
  readonly wait_ms: number;
  readonly ran_ms: number;
  readonly inputs: TaskInput[];
}

/** The live attempts of a node that wait for their worker, or those given. */
export async function readTasks(
  database: Kysely<Database>,
  ask: { readonly node: string; readonly attempts?: readonly string[] },
): Promise<AttemptTask[]> {
  const which =
    ask.attempts === undefined
      ? sql`attempts.state = 'placed'`
      : sql`attempts.id = any(${ask.attempts}::text[])`;
  const { rows } = await sql<TaskRow>`
    select attempts.id as attempt, attempts.fence, attempts.number, attempts.job, jobs.engine,
      attempts.state, revision.manifest, revision.image_digest, revision.image_kind,
      revision.image_reference, jobs.parameters, jobs.time_limit_ms,
      extract(epoch from attempts.placed_at - jobs.queued_at)::float8 * 1000 as wait_ms,
      coalesce(extract(epoch from now() - attempts.started_at), 0)::float8 * 1000 as ran_ms,
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', input.name, 'sha256', input.sha256, 'sizeBytes', blobs.size_bytes
        ) order by input.position)
        from job_inputs as input join blobs on blobs.sha256 = input.sha256
        where input.job = jobs.id
      ), '[]') as inputs
    from attempts
    join jobs on jobs.id = attempts.job
    join engine_revisions as revision
      on revision.engine = jobs.engine and revision.revision = attempts.engine_revision
    where attempts.node = ${ask.node} and attempts.finished_at is null and ${which}
    order by attempts.id`.execute(database);
  return rows.map((row) => ({
    attempt: row.attempt,
    fence: row.fence,
    number: row.number,
    job: row.job,
    engine: row.engine,
    state: row.state,
    manifest: row.manifest,
    image: imageOf(row),
    inputs: row.inputs,
    parameters: row.parameters,
    timeLimitMs: row.time_limit_ms,
    waitMs: Math.round(row.wait_ms),
    ranMs: row.ran_ms,
  }));
}

/** The image of a registry is referenced with its digest, so that a node without it can pull it. */
function imageOf(row: TaskRow): string {
  if (row.image_kind !== 'repo-digest') return row.image_digest;
  const name = row.image_reference.split('@', 1)[0] ?? '';
  const tag = name.lastIndexOf(':');
  const bare = tag > name.lastIndexOf('/') ? name.slice(0, tag) : name;
  return `${bare}@${row.image_digest}`;
}
