/**
 * Attempts on the real Docker engine: what a benign engine gets, and what a hostile one cannot do.
 */
import type { JobDetail } from '@lazaret/protocol';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { hostileManifest } from '../testing/hostile-engine.ts';
import { openJobFixture, type JobFixture } from '../testing/job-fixture.ts';

let fixture: JobFixture;

beforeAll(async () => {
  fixture = await openJobFixture(inject('databaseUrl'));
  await fixture.addEngine(hostileManifest());
  await fixture.addEngine(hostileManifest({ name: 'impatient', timeLimit: '2s' }));
  await fixture.addEngine(
    hostileManifest({ name: 'lenient', output: { result: 'result', missing: 'succeed' } }),
  );
  await fixture.addEngine(hostileManifest({ name: 'stubborn', retry: { workload: 2 } }));
  fixture.startWorker();
});

afterAll(() => fixture.close());

async function run(mode: string, engine = 'hostile'): Promise<JobDetail> {
  const job = await fixture.settle(await fixture.submit(engine, `${mode}\nhello`));
  await noContainerIsLeft();
  return job;
}

/** The end of a job is written before its container is removed. */
async function noContainerIsLeft(): Promise<void> {
  await expect.poll(() => fixture.containers(), { timeout: 10_000 }).toBe(0);
}

function observed(job: JobDetail): string[] {
  return job.attemptList.flatMap((attempt) => attempt.observations.map((one) => one.code));
}

async function resultText(job: JobDetail): Promise<string> {
  const result = job.artifacts.find((one) => one.primary);
  return result === undefined ? '' : (await fixture.readArtifact(result.sha256)).toString();
}

test('a job runs to its result, with history, telemetry and containment', async () => {
  const job = await run('ok');
  expect(job.outcome).toMatchObject({ code: 'succeeded' });
  expect(job.history.map((entry) => entry.state)).toEqual([
    ...['queued', 'placed', 'starting', 'running', 'collecting', 'succeeded'],
  ]);
  expect(await resultText(job)).toBe('ok\nhello');
  const [attempt] = job.attemptList;
  expect(attempt?.imageDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(attempt?.telemetry).toMatchObject({ exitCode: 0, outOfMemory: false });
  for (const phase of ['createMs', 'inputMs', 'startMs', 'runMs', 'collectMs'] as const) {
    expect(attempt?.telemetry[phase], phase).toBeGreaterThan(0);
  }
  expect(attempt?.containment).toMatchObject({ noNewPrivileges: true, user: '65532:65532' });
});

test('a container that the engine refuses to start has a separate outcome, with the reason', async () => {
  const network = 'lazaret-test-no-such-network';
  await fixture.addEngine(
    hostileManifest({ name: 'unconnected', network, retry: { attempts: 2 } }),
  );
  const job = await run('ok', 'unconnected');
  expect(job).toMatchObject({ state: 'failed', attempts: 2, outcome: { code: 'start_failed' } });
  expect(job.outcome?.detail).toContain(network);
});

test('the capacity of a node is released after its attempts', async () => {
  await run('ok');
  const node = await fixture.database.handle.db
    .selectFrom('nodes')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(node).toMatchObject({ reserved_memory_bytes: 0, reserved_cpus: 0, live_attempts: 0 });
});

describe('the hostile engine is contained, and the outcome says what happened', () => {
  test('a fork bomb reaches the limit of processes', async () => {
    const job = await run('fork-bomb', 'impatient');
    expect(job.state).not.toBe('succeeded');
    expect(observed(job)).toContain('process_limit');
  });

  test('a memory bomb is killed by the kernel', async () => {
    const job = await run('memory-bomb');
    expect(job).toMatchObject({ state: 'failed', outcome: { code: 'out_of_memory' } });
    expect(observed(job)).toContain('memory_limit');
    expect(job.attemptList[0]?.telemetry.outOfMemory).toBe(true);
  });

  test('a disk filler is stopped at its disk limit', async () => {
    const job = await run('disk-fill 2048 /out');
    expect(job.state).toBe('failed');
    expect(['disk_limit', 'exit_code', 'output_limit']).toContain(job.outcome?.code);
    const usage = job.artifacts.reduce((sum, one) => sum + one.sizeBytes, 0);
    expect(usage).toBeLessThanOrEqual(16 * 2 ** 20);
  });

  test('a log flood is truncated at its limit and marked', async () => {
    const job = await run('log-flood');
    const [attempt] = job.attemptList;
    expect(attempt).toMatchObject({ logTruncated: true, logBytes: 256 * 1024 });
    expect(observed(job)).toContain('log_truncated');
    expect(Buffer.byteLength(await fixture.readLogText(job.id))).toBe(256 * 1024);
  });

  test('sleeping past the time limit ends as timed_out, not as success or failure', async () => {
    const job = await run('sleep-forever', 'impatient');
    expect(job).toMatchObject({ state: 'timed_out', outcome: { code: 'time_limit' } });
  });

  test('ignoring SIGTERM ends with a kill after the grace period', async () => {
    const job = await run('ignore-sigterm', 'impatient');
    expect(job).toMatchObject({ state: 'timed_out', outcome: { code: 'time_limit' } });
    expect(observed(job)).toContain('killed_after_grace');
  });

  test('/proc and /sys cannot be written to', async () => {
    const text = await resultText(await run('proc-sys-write'));
    expect(text).toContain('refused');
    // The set-user-ID bit on its own directory has no effect: no-new-privileges is on.
    const allowed = 'chmod u+s /out SUCCEEDED';
    expect(text.replace(allowed, '')).not.toContain('SUCCEEDED');
  });

  test('there is no network', async () => {
    const text = await resultText(await run('network'));
    expect(text).not.toBe('');
    expect(text).not.toContain('SUCCEEDED');
    expect(text).not.toMatch(/\beth\d/);
  });

  test.each([
    ['symlink-result', 'symlink'],
    ['fifo-result', 'fifo'],
  ])('%s is refused because of its type', async (mode, kind) => {
    const job = await run(mode);
    expect(job).toMatchObject({ state: 'failed', outcome: { code: 'output_refused' } });
    const details = job.attemptList.flatMap((attempt) => attempt.observations);
    expect(JSON.stringify(details)).toContain(kind);
    expect(job.artifacts).toEqual([]);
  });

  test('a device cannot be created at all', async () => {
    const job = await run('device-result');
    expect(job.state).toBe('failed');
    expect(job.artifacts).toEqual([]);
  });

  test.each(['huge-result', 'sparse-result'])('%s stops at the limit', async (mode) => {
    const job = await run(mode);
    expect(job.state).toBe('failed');
    expect(['output_limit', 'disk_limit', 'exit_code']).toContain(job.outcome?.code);
    expect(job.artifacts).toEqual([]);
  });

  test('many small results stop at the limit of entries', async () => {
    const job = await run('many-results');
    expect(job).toMatchObject({ state: 'failed', outcome: { code: 'output_limit' } });
  });

  test('markup and escape sequences remain bytes and text', async () => {
    const job = await run('markup');
    expect(job.state).toBe('succeeded');
    expect(await resultText(job)).toContain('<script>');
    for (const { path } of job.artifacts) expect(path).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });
});

describe('failures of earlier programs', () => {
  test('an empty or missing result is not a success', async () => {
    expect(await run('no-result')).toMatchObject({
      state: 'failed',
      outcome: { code: 'no_result' },
    });
    expect(await run('empty-result')).toMatchObject({
      state: 'failed',
      outcome: { code: 'empty_result' },
    });
    expect(await run('no-result', 'lenient')).toMatchObject({ state: 'succeeded' });
  });

  test('memory limits are enforced and read back', async () => {
    const job = await run('ok');
    expect(job.attemptList[0]?.containment).toMatchObject({
      memoryBytes: 64 * 2 ** 20,
      memoryAndSwapBytes: 64 * 2 ** 20,
      pids: 32,
      capabilitiesDropped: ['ALL'],
      noNewPrivileges: true,
      readOnlyRoot: true,
      network: 'none',
    });
  });

  test('a workload failure is retried as often as the manifest says, with back-off', async () => {
    const job = await run('exit 3', 'stubborn');
    expect(job).toMatchObject({ state: 'failed', attempts: 3, outcome: { code: 'exit_code' } });
    expect(job.attemptList.map((attempt) => attempt.number)).toEqual([1, 2, 3]);
    expect(job.attemptList.every((attempt) => attempt.outcome?.code === 'exit_code')).toBe(true);
  });
});

test('cancel kills at once and is idempotent; final states do not change', async () => {
  const id = await fixture.submit('hostile', 'sleep-forever');
  await fixture.waitFor(id, (job) => job.state === 'running');
  await fixture.cancel(id);
  await fixture.cancel(id);
  const job = await fixture.settle(id);
  expect(job).toMatchObject({ state: 'cancelled', outcome: { code: 'cancelled' }, attempts: 1 });
  await fixture.cancel(id);
  expect((await fixture.read(id)).history).toEqual(job.history);
  await noContainerIsLeft();
});

test('a queued job is cancelled without ever being placed', async () => {
  const id = await fixture.submit('hostile', 'ok');
  await fixture.cancel(id);
  expect(await fixture.read(id)).toMatchObject({ state: 'cancelled', attempts: 0 });
});

test('a job that no node could ever run fails at once with the reason', async () => {
  await fixture.addEngine(hostileManifest({ name: 'giant', resources: { memory: '900GiB' } }));
  const job = await fixture.settle(await fixture.submit('giant', 'ok'));
  expect(job).toMatchObject({ state: 'failed', outcome: { code: 'impossible' }, attempts: 0 });
  expect(job.outcome?.detail).toContain('900 GiB');
});
