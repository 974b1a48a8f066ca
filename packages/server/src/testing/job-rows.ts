/** Jobs as rows of a test database: submitted, placed and ended without a container engine. */
import { engineManifest, jobSubmission, type JobSubmission, type Outcome } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';
import { applyPlacements } from '../jobs/apply-plan.ts';
import type { AttemptResult } from '../jobs/move.ts';
import { submitJob, type RunnableEngine } from '../jobs/submit.ts';

const nodeName = 'paper';
const engineName = 'paper';

export interface JobRows {
  readonly engine: RunnableEngine;
  readonly sample: string;
  submit(extra?: Partial<JobSubmission>, idempotencyKey?: string): Promise<string>;
  /** Places the job on the node and returns the created attempt. */
  place(job: string): Promise<PlacedAttempt>;
  reserved(): Promise<{ live: number; cpus: number; memoryBytes: number }>;
  /** Numbers of the job's history and its final entries. */
  history(job: string): Promise<{ numbers: number[]; finals: string[] }>;
}

export interface PlacedAttempt {
  readonly attempt: string;
  readonly fence: string;
}

/** One engine, one node with ample capacity, one sample. */
export async function prepareJobRows(database: Kysely<Database>): Promise<JobRows> {
  const manifest = engineManifest.parse({
    name: engineName,
    image: 'lab/paper',
    input: { count: { min: 0, max: 4 } },
    retry: { attempts: 3, workload: 1 },
  });
  const engine = { name: engineName, revision: 1, enabled: true, manifest };
  const sample = 'a'.repeat(64);
  await addParts(database, { engine, sample });
  return {
    engine,
    sample,
    submit: (extra = {}, idempotencyKey) =>
      submitJob(jobSubmission.parse({ engine: engineName, ...extra }), {
        database,
        engine,
        project: 'default',
        actor: 'tester',
        checkParameters: () => [],
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    async place(job) {
      await applyPlacements(database, [{ job, node: nodeName }]);
      const row = await database
        .selectFrom('attempts')
        .select(['id', 'fence'])
        .where('job', '=', job)
        .where('finished_at', 'is', null)
        .executeTakeFirstOrThrow();
      return { attempt: row.id, fence: row.fence };
    },
    async reserved() {
      const row = await database.selectFrom('nodes').selectAll().executeTakeFirstOrThrow();
      return {
        live: row.live_attempts,
        cpus: row.reserved_cpus,
        memoryBytes: row.reserved_memory_bytes,
      };
    },
    async history(job) {
      const rows = await database
        .selectFrom('job_history')
        .select(['number', 'state'])
        .where('job', '=', job)
        .orderBy('number')
        .execute();
      const finals = ['succeeded', 'failed', 'timed_out', 'cancelled'];
      return {
        numbers: rows.map((row) => row.number),
        finals: rows.map((row) => row.state).filter((state) => finals.includes(state)),
      };
    },
  };
}

async function addParts(
  database: Kysely<Database>,
  { engine, sample }: { readonly engine: RunnableEngine; readonly sample: string },
): Promise<void> {
  const { name, manifest } = engine;
  await database
    .insertInto('engines')
    .values({ name, source: 'api', revision: 1, problem: null })
    .execute();
  await database
    .insertInto('engine_revisions')
    .values({
      engine: name,
      revision: 1,
      manifest: JSON.stringify(manifest),
      manifest_hash: newId(),
      image_reference: manifest.image,
      image_digest: `sha256:${'0'.repeat(64)}`,
      image_kind: 'image-id',
      created_by: 'tester',
    })
    .execute();
  await database
    .insertInto('nodes')
    .values({
      name: nodeName,
      kind: 'docker',
      endpoint: 'none',
      state: 'online',
      problem: null,
      memory_bytes: 2 ** 44,
      cpus: 4_096,
      worker: null,
    })
    .execute();
  await database.insertInto('blobs').values({ sha256: sample, size_bytes: 10 }).execute();
  await database
    .insertInto('artifacts')
    .values({ project: 'default', sha256: sample, name: 'sample', created_by: 'tester' })
    .execute();
}

/** The report of a worker at the end of an attempt. */
export function makeResult(
  placed: PlacedAttempt,
  code: Outcome['code'],
  extra: Partial<AttemptResult> = {},
): AttemptResult {
  return {
    ...placed,
    outcome: { code, detail: code },
    observations: [],
    telemetry: {},
    artifacts: [],
    logBytes: 0,
    logTruncated: false,
    cause: 'worker',
    ...extra,
  };
}
