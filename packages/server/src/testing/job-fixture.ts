/**
 * A fixture for jobs: a test database, a blob store, the real Docker engine, a scheduler and a
 * worker, without HTTP. Its worker can be stopped as by kill -9 and started again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import {
  engineManifest,
  isFinal,
  jobSubmission,
  type EngineManifestInput,
  type JobDetail,
  type JobSubmission,
} from '@lazaret/protocol';
import { pino, type Logger } from 'pino';

import { openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import { createDockerExecutor, labelNames, type Executor } from '../executors/index.ts';
import { newId } from '../floor/ids.ts';
import { cancelJob } from '../jobs/cancel.ts';
import { readLog, type StoredChunk } from '../jobs/attempt-log.ts';
import { NodeWorker } from '../jobs/node-worker.ts';
import { readJob } from '../jobs/read.ts';
import { endOverdue, placeJobs } from '../jobs/schedule.ts';
import { submitJob } from '../jobs/submit.ts';
import { registerNodes } from '../nodes/index.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export interface JobFixture {
  readonly database: TestDatabase;
  readonly blobs: BlobStore;
  readonly executor: Executor;
  readonly instance: string;
  /** Adds an engine whose image is pinned to that of the node. */
  addEngine(manifest: EngineManifestInput): Promise<void>;
  /** Submits one input to an engine; the content is the bytes. */
  submit(
    engine: string,
    content: string | Uint8Array,
    extra?: Partial<JobSubmission>,
  ): Promise<string>;
  schedule(): Promise<void>;
  startWorker(): NodeWorker;
  read(id: string): Promise<JobDetail>;
  readLogText(id: string): Promise<string>;
  readArtifact(sha256: string): Promise<Buffer>;
  cancel(id: string): Promise<void>;
  /** Runs the scheduler until the job has ended. */
  settle(id: string): Promise<JobDetail>;
  waitFor(id: string, test: (job: JobDetail) => boolean): Promise<JobDetail>;
  containers(): Promise<number>;
  close(): Promise<void>;
}

export const nodeName = 'lab';

export async function openJobFixture(
  databaseUrl: string,
  options: { readonly log?: Logger } = {},
): Promise<JobFixture> {
  const log = options.log ?? pino({ level: process.env['LAZARET_TEST_LOG'] ?? 'silent' });
  const database = await createTestDatabase(databaseUrl);
  const { db } = database.handle;
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-lab-'));
  const blobs = await openFileBlobStore({ directory });
  const address = 'unix:///var/run/docker.sock';
  const executor = createDockerExecutor({ address, now: Date.now });
  const instance = newId();
  const node = { name: nodeName, endpoint: address, labels: {} };
  await registerNodes(db, [node]);
  const workers = new Set<NodeWorker>();
  let onCapacity = (): void => undefined;

  const fixture: JobFixture = {
    database,
    blobs,
    executor,
    instance,
    async addEngine(input) {
      const manifest = engineManifest.parse(input);
      const image = await executor.resolveImage(manifest.image);
      await db
        .insertInto('engines')
        .values({ name: manifest.name, source: 'api', revision: 1, problem: null })
        .execute();
      await db
        .insertInto('engine_revisions')
        .values({
          engine: manifest.name,
          revision: 1,
          manifest: JSON.stringify(manifest),
          manifest_hash: newId(),
          image_reference: manifest.image,
          image_digest: image.digest,
          image_kind: image.kind,
          created_by: 'test',
        })
        .execute();
    },
    async submit(engine, content, extra = {}) {
      const stored = await blobs.put(Readable.from([Buffer.from(content)]), { maxBytes: 2 ** 30 });
      const { sha256 } = stored;
      await db
        .insertInto('blobs')
        .values({ sha256, size_bytes: stored.sizeBytes })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await db
        .insertInto('artifacts')
        .values({ project: 'default', sha256, name: 'sample', created_by: 'test' })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const row = await db
        .selectFrom('engine_revisions')
        .selectAll()
        .where('engine', '=', engine)
        .executeTakeFirstOrThrow();
      const submission = jobSubmission.parse({ engine, inputs: [{ sha256 }], ...extra });
      return submitJob(submission, {
        database: db,
        engine: { name: engine, revision: 1, enabled: true, manifest: row.manifest },
        project: 'default',
        actor: 'tester',
        checkParameters: () => [],
      });
    },
    async schedule() {
      const options = {
        database: db,
        log,
        onPlaced: () => workers.forEach((one) => one.wake()),
        onEvents: () => undefined,
      };
      await endOverdue(options, { settled: true });
      await placeJobs(options);
    },
    startWorker() {
      const worker = new NodeWorker({
        node,
        executor,
        database: db,
        blobs,
        log,
        worker: newId(),
        instance,
        onChange: () => undefined,
        onCapacity: () => onCapacity(),
      });
      workers.add(worker);
      worker.start();
      return worker;
    },
    read: (id) => readJob(db, 'all', id),
    async readLogText(id) {
      const pieces: Buffer[] = [];
      for (let after: StoredChunk | undefined; ;) {
        const chunks = await readLog(db, { job: id, after });
        pieces.push(...chunks.map((chunk) => chunk.bytes));
        after = chunks.at(-1);
        if (after === undefined) return Buffer.concat(pieces).toString();
      }
    },
    async readArtifact(sha256) {
      const chunks: Buffer[] = [];
      for await (const chunk of await blobs.open(sha256)) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    async cancel(id) {
      await cancelJob(db, id, 'tester');
      workers.forEach((one) => one.wake());
    },
    settle: (id) => fixture.waitFor(id, (job) => isFinal(job.state)),
    async waitFor(id, test) {
      for (;;) {
        await fixture.schedule();
        const job = await fixture.read(id);
        if (test(job)) return job;
        if (isFinal(job.state)) {
          throw new Error(`ended as ${job.state}: ${JSON.stringify(job.outcome)}`);
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 50);
          onCapacity = () => (clearTimeout(timer), resolve());
        });
      }
    },
    containers: async () => (await executor.list({ [labelNames.instance]: instance })).length,
    async close() {
      await Promise.all([...workers].map((one) => one.stop({ takeDown: true })));
      for (const { containerId } of await executor.list({ [labelNames.instance]: instance })) {
        await executor.remove(containerId);
      }
      await executor.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return fixture;
}
