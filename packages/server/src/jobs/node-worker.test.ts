/** The worker of a node on the real engine: leases, fences, leftovers, recovery. */
import { setTimeout as pause } from 'node:timers/promises';

import { sql } from 'kysely';
import { afterEach, expect, inject, test } from 'vitest';

import { hostileManifest } from '../testing/hostile-engine.ts';
import { openJobFixture, type JobFixture } from '../testing/job-fixture.ts';
import { jobLimits } from './limits.ts';

let fixture: JobFixture | undefined;
afterEach(() => fixture?.close());

async function openFixture(): Promise<JobFixture> {
  fixture = await openJobFixture(inject('databaseUrl'));
  await fixture.addEngine(hostileManifest());
  return fixture;
}

test('an attempt whose worker died is lost when its lease expires, and retried', async () => {
  const { database, submit, startWorker, waitFor, settle, containers } = await openFixture();
  const id = await submit('hostile', 'slow-log 5\n');
  const first = startWorker();
  await waitFor(id, (job) => job.state === 'running');
  // Like kill -9 of a worker without a successor: the container keeps running, the lease expires.
  await first.stop({ takeDown: false });
  await sql`update attempts set lease_until = now() - interval '1 second'`.execute(
    database.handle.db,
  );
  await fixture?.schedule();
  expect((await fixture?.read(id))?.attemptList[0]?.outcome?.code).toBe('lost');
  startWorker();
  const job = await settle(id);
  expect(job).toMatchObject({ state: 'succeeded', attempts: 2 });
  expect(job.attemptList.map((attempt) => attempt.state)).toEqual(['failed', 'succeeded']);
  await expect.poll(() => containers(), { timeout: 20_000 }).toBe(0);
});

test('a run whose attempt was ended by another process is detached, and its container is removed', async () => {
  const { database, submit, startWorker, waitFor, containers } = await openFixture();
  const id = await submit('hostile', 'sleep-forever\n');
  startWorker();
  await waitFor(id, (job) => job.state === 'running');
  // Like a worker without a database connection for longer than its lease: the scheduler ends it.
  await sql`update attempts set lease_until = now() - interval '1 second'`.execute(
    database.handle.db,
  );
  await fixture?.schedule();
  await fixture?.cancel(id);
  const renewals = jobLimits.nodeProbeMs * 8;
  await expect.poll(() => containers(), { timeout: renewals + 20_000, interval: 500 }).toBe(0);
  expect((await fixture?.read(id))?.attemptList[0]?.outcome?.code).toBe('lost');
}, 120_000);

test('a leftover container is removed at recovery, whatever its name', async () => {
  const { submit, startWorker, waitFor, settle, containers, database } = await openFixture();
  const id = await submit('hostile', 'ok\n');
  const first = startWorker();
  await settle(id);
  await first.stop({ takeDown: false });
  const left = await submit('hostile', 'sleep-forever\n');
  const second = startWorker();
  await waitFor(left, (job) => job.state === 'running');
  await second.stop({ takeDown: false });
  await sql`update attempts set finished_at = now() where job = ${left}`.execute(
    database.handle.db,
  );
  await sql`update jobs set state = 'failed', finished_at = now() where id = ${left}`.execute(
    database.handle.db,
  );
  expect(await containers()).toBe(1);
  startWorker();
  await expect.poll(() => containers(), { timeout: 20_000 }).toBe(0);
});

test('when listing containers fails, the node is offline and its attempts are unknown, not lost', async () => {
  const { database, executor } = await openFixture();
  const broken = { ...executor, list: () => Promise.reject(new Error('the listing failed')) };
  const { NodeWorker } = await import('./node-worker.ts');
  const id = await fixture?.submit('hostile', 'ok\n');
  await fixture?.schedule();
  const worker = new NodeWorker({
    node: { name: 'lab', endpoint: 'unix:///var/run/docker.sock', labels: {} },
    executor: broken,
    database: database.handle.db,
    blobs: (fixture as JobFixture).blobs,
    log: (await import('pino')).pino({ level: 'silent' }),
    worker: 'broken',
    instance: (fixture as JobFixture).instance,
    onChange: () => undefined,
    onCapacity: () => undefined,
  });
  worker.start();
  await pause(1_000);
  await fixture?.schedule();
  await pause(500);
  expect((await fixture?.read(id ?? ''))?.attemptList.every((one) => one.outcome === null)).toBe(
    true,
  );
  await worker.stop({ takeDown: false });
  fixture?.startWorker();
  expect(await fixture?.settle(id ?? '')).toMatchObject({ state: 'succeeded', attempts: 1 });
});
