/**
 * J7: kill -9 of the server in each state of a job. After the next start the job ends, every
 * run of it is an attempt in its history, and no container is left.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isFinal, operations, type JobDetail, type JobState } from '@lazaret/protocol';
import { setTimeout as pause } from 'node:timers/promises';

import { createDockerExecutor, labelNames } from '../../packages/server/src/executors/index.ts';
import { engineFolders, startInstance, type Instance } from '../support/instance.ts';

const executor = createDockerExecutor({ address: 'unix:///var/run/docker.sock', now: Date.now });
/** One data directory for all tests: each kills the server that the one before left running. */
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance({ engines: [engineFolders.hostile] });
});
afterAll(() => instance.close());

async function submit(mode: string): Promise<string> {
  const artifact = await instance.client.call(operations.artifacts.upload, {
    query: { name: 'mode' },
    body: mode,
  });
  const job = await instance.client.call(operations.jobs.submit, {
    body: { engine: 'hostile', inputs: [{ sha256: artifact.sha256 }] },
  });
  return job.id;
}

async function readJob(id: string, waitSeconds = 0): Promise<JobDetail> {
  return instance.client.call(operations.jobs.show, { params: { id }, query: { waitSeconds } });
}

async function settle(id: string): Promise<JobDetail> {
  for (;;) {
    const job = await readJob(id, 20);
    if (isFinal(job.state)) return job;
  }
}

/** Containers of this job, with any instance label. */
async function containersOf(job: string): Promise<number> {
  return (await executor.list({ [labelNames.job]: job })).length;
}

/**
 * Every run of a job is a separate attempt, numbered without gaps, and at most one succeeded.
 */
function expectConsistentHistory(job: JobDetail): void {
  expect(job.attemptList.map((attempt) => attempt.number)).toEqual(
    job.attemptList.map((_, position) => position + 1),
  );
  expect(job.attempts).toBe(job.attemptList.length);
  const placed = job.history.filter((entry) => entry.state === 'placed');
  expect(placed).toHaveLength(job.attempts);
  expect(job.history.at(-1)?.state).toBe(job.state);
  expect(job.attemptList.filter((attempt) => attempt.state === 'succeeded')).toHaveLength(
    job.state === 'succeeded' ? 1 : 0,
  );
}

async function restart(): Promise<void> {
  instance = await startInstance({ dataDirectory: instance.dataDirectory });
}

/** Target states of the kill; a slow log extends `running` for long enough. */
const steps: readonly JobState[] = [
  'queued',
  'placed',
  'starting',
  'running',
  'collecting',
  'succeeded',
];

test.each(steps)(
  'kill -9 when the job is %s: nothing is lost, and no second run goes unrecorded',
  async (step) => {
    const mode = step === 'running' ? 'slow-log 10' : 'ok';
    const id = await submit(`${mode}\nhello ${step}`);
    if (step !== 'queued') {
      const order = steps.indexOf(step);
      for (;;) {
        const { history } = await readJob(id);
        if (history.some((entry) => steps.indexOf(entry.state) >= order)) break;
        await pause(2);
      }
    }
    await instance.kill();
    await restart();
    const job = await settle(id);
    expect(job.state).toBe('succeeded');
    expectConsistentHistory(job);
    await expect.poll(() => containersOf(id), { timeout: 20_000 }).toBe(0);
  },
);

test('a container that kept running while the server was down is adopted, with its complete log', async () => {
  const id = await submit('slow-log 25\n');
  while ((await readJob(id)).state !== 'running') await pause(20);
  await pause(1_000);
  await instance.kill();
  expect(await containersOf(id)).toBe(1);
  await restart();
  const job = await settle(id);
  expect(job).toMatchObject({ state: 'succeeded', attempts: 1 });
  expect(job.attemptList[0]?.observations.map((one) => one.code)).toContain(
    'adopted_after_restart',
  );
  const response = await instance.client.open(operations.jobs.log, { params: { id } });
  const lines = (await response.text()).trim().split('\n');
  expect(new Set(lines).size, 'no line twice').toBe(lines.length);
  expect(lines.length).toBeGreaterThanOrEqual(25);
});

test('kill -9 at random moments: every accepted job ends exactly once', async () => {
  const ids: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 6; count += 1) ids.push(await submit(`ok ${round}.${count}\n`));
    await pause(150 + Math.floor(Math.random() * 1_500));
    await instance.kill();
    await restart();
  }
  for (const id of ids) {
    const job = await settle(id);
    expect(job.state).toBe('succeeded');
    expectConsistentHistory(job);
  }
  const { items } = await instance.client.call(operations.nodes.list, {});
  expect(items[0]).toMatchObject({ reservedMemoryBytes: 0, reservedCpus: 0, runningAttempts: 0 });
  for (const id of ids) await expect.poll(() => containersOf(id), { timeout: 20_000 }).toBe(0);
});
