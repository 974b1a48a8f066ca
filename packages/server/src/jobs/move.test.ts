/**
 * Transitions in a real database: a worker that lost an attempt changes nothing, races have one
 * winner.
 */
import { isFinal, type JobState, type OutcomeCode } from '@lazaret/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  makeResult,
  prepareJobRows,
  type JobRows,
  type PlacedAttempt,
} from '../testing/job-rows.ts';
import { cancelJob } from './cancel.ts';
import { endWaitingJob, finishAttempt, moveAttempt } from './move.ts';
import { readJob } from './read.ts';

let database: TestDatabase;
let rows: JobRows;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
});
afterAll(() => database.drop());

const db = () => database.handle.db;
const nothingReserved = { live: 0, cpus: 0, memoryBytes: 0 };

async function runUp(placed: PlacedAttempt): Promise<boolean[]> {
  const moved: boolean[] = [];
  for (const to of ['starting', 'running', 'collecting'] as const) {
    moved.push(await moveAttempt(db(), { ...placed, to }));
  }
  return moved;
}

async function expectWhole(job: string): Promise<void> {
  const { numbers, finals } = await rows.history(job);
  expect(numbers).toEqual(numbers.map((_, position) => position + 1));
  const { state } = await readJob(db(), 'all', job);
  expect(finals).toEqual(isFinal(state) ? [state] : []);
}

const result = { path: 'result.txt', sha256: 'b'.repeat(64), sizeBytes: 3, primary: true };

test('an attempt goes from placed to its result, and releases its capacity', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  expect((await rows.reserved()).live).toBe(1);
  expect(await runUp(placed)).toEqual([true, true, true]);
  await finishAttempt(db(), makeResult(placed, 'succeeded', { artifacts: [result] }));
  const done = await readJob(db(), 'all', job);
  expect(done).toMatchObject({ state: 'succeeded', artifacts: [{ path: 'result.txt' }] });
  expect(await rows.reserved()).toEqual(nothingReserved);
  await expectWhole(job);
});

test('the phases measured so far are readable while the attempt runs, and stored at its end', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  await moveAttempt(db(), { ...placed, to: 'starting', telemetry: { waitMs: 3, pullMs: 7 } });
  await moveAttempt(db(), { ...placed, to: 'running', telemetry: { startMs: 40 } });
  const telemetryOf = async () => (await readJob(db(), 'all', job)).attemptList[0]?.telemetry;
  expect(await telemetryOf()).toMatchObject({ waitMs: 3, pullMs: 7, startMs: 40, runMs: null });
  await finishAttempt(db(), makeResult(placed, 'succeeded', { telemetry: { runMs: 90 } }));
  expect(await telemetryOf()).toMatchObject({ waitMs: 3, pullMs: 7, startMs: 40, runMs: 90 });
});

test('a late transition does not overwrite a finished job with RUNNING', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  await runUp(placed);
  await finishAttempt(db(), makeResult(placed, 'succeeded'));
  const before = await readJob(db(), 'all', job);
  expect(await runUp(placed)).toEqual([false, false, false]);
  expect(await finishAttempt(db(), makeResult(placed, 'lost'))).toBeUndefined();
  await cancelJob(db(), job, 'tester');
  expect(await readJob(db(), 'all', job)).toEqual(before);
});

test('transitions out of order change nothing', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  expect(await moveAttempt(db(), { ...placed, to: 'collecting' })).toBe(false);
  expect(await moveAttempt(db(), { ...placed, to: 'running' })).toBe(false);
  expect(await moveAttempt(db(), { ...placed, to: 'starting' })).toBe(true);
  expect(await moveAttempt(db(), { ...placed, to: 'starting' })).toBe(false);
  await finishAttempt(db(), makeResult(placed, 'cancelled'));
  await expectWhole(job);
});

test('a worker with an old fence writes nothing, and its results are not adopted', async () => {
  const job = await rows.submit();
  const old = await rows.place(job);
  await moveAttempt(db(), { ...old, to: 'starting' });
  const fence = 'taken over';
  await db().updateTable('attempts').set({ fence }).where('id', '=', old.attempt).execute();
  const late = { ...result, sha256: 'c'.repeat(64), path: 'late.txt' };
  for (const wrong of [old.fence, '', '**********', 'null']) {
    const stale = { attempt: old.attempt, fence: wrong };
    expect(await moveAttempt(db(), { ...stale, to: 'running' })).toBe(false);
    const report = makeResult(stale, 'succeeded', { artifacts: [late] });
    expect(await finishAttempt(db(), report)).toBeUndefined();
  }
  expect((await rows.reserved()).live).toBe(1);
  const winner = { attempt: old.attempt, fence };
  await moveAttempt(db(), { ...winner, to: 'running' });
  await finishAttempt(db(), makeResult(winner, 'succeeded', { artifacts: [result] }));
  const done = await readJob(db(), 'all', job);
  expect(done.artifacts.map((one) => one.path)).toEqual(['result.txt']);
  const kept = await db().selectFrom('blobs').select('sha256').execute();
  expect(kept.map((one) => one.sha256)).not.toContain(late.sha256);
  expect(await rows.reserved()).toEqual(nothingReserved);
  await expectWhole(job);
});

test('of many concurrent reports of one attempt one is stored', async () => {
  for (let round = 0; round < 10; round += 1) {
    const job = await rows.submit();
    const placed = await rows.place(job);
    await runUp(placed);
    const codes: OutcomeCode[] = ['succeeded', 'exit_code', 'time_limit', 'lost', 'succeeded'];
    const kept = await Promise.all(
      codes.map((code) => finishAttempt(db(), makeResult(placed, code))),
    );
    expect(kept.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await rows.reserved()).toEqual(nothingReserved);
    await cancelJob(db(), job, 'tester');
    await expectWhole(job);
  }
});

test('concurrent cancel and finish: exactly one final state, whichever is first', async () => {
  const seen = new Set<JobState>();
  for (let round = 0; round < 20; round += 1) {
    const job = await rows.submit();
    const placed = await rows.place(job);
    await runUp(placed);
    await Promise.all([
      cancelJob(db(), job, 'one'),
      finishAttempt(db(), makeResult(placed, round % 2 === 0 ? 'succeeded' : 'exit_code')),
      cancelJob(db(), job, 'two'),
    ]);
    await cancelJob(db(), job, 'three');
    const { state } = await readJob(db(), 'all', job);
    expect(isFinal(state)).toBe(true);
    seen.add(state);
    await expectWhole(job);
  }
  expect(await rows.reserved()).toEqual(nothingReserved);
  expect([...seen]).toContain('succeeded');
});

test('a queued job that is cancelled, placed and timed out concurrently gets one result', async () => {
  for (let round = 0; round < 15; round += 1) {
    const job = await rows.submit();
    const outcome = { code: 'queue_time_limit', detail: '' } as const;
    const [, ended, placed] = await Promise.all([
      cancelJob(db(), job, 'tester'),
      endWaitingJob(db(), { job, to: 'timed_out', cause: 'scheduler', outcome }),
      rows.place(job).catch(() => undefined),
    ]);
    const { state } = await readJob(db(), 'all', job);
    if (placed !== undefined) {
      expect([ended, state]).toEqual([false, 'placed']);
      await finishAttempt(db(), makeResult(placed, 'cancelled'));
    } else expect(isFinal(state)).toBe(true);
    await expectWhole(job);
  }
  expect(await rows.reserved()).toEqual(nothingReserved);
});

test('any sequence of late and repeated reports keeps the history consistent and ends the job once', async () => {
  const event = fc.constantFrom(
    'place' as const,
    'run' as const,
    'cancel' as const,
    'expire' as const,
    'late' as const,
    ...(['succeeded', 'exit_code', 'lost', 'stopped', 'node_error'] as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), async (events) => {
      const job = await rows.submit();
      let placed: PlacedAttempt | undefined;
      let earlier: PlacedAttempt | undefined;
      for (const one of events) {
        if (one === 'place') {
          earlier = placed;
          placed = await rows.place(job).catch(() => placed);
        } else if (one === 'cancel') await cancelJob(db(), job, 'tester');
        else if (one === 'expire') {
          const outcome = { code: 'queue_time_limit', detail: '' } as const;
          await endWaitingJob(db(), { job, to: 'timed_out', cause: 'scheduler', outcome });
        } else if (one === 'run' && placed !== undefined) await runUp(placed);
        else if (one === 'late' && earlier !== undefined && earlier.attempt !== placed?.attempt) {
          expect(await finishAttempt(db(), makeResult(earlier, 'succeeded'))).toBeUndefined();
        } else if (one !== 'run' && one !== 'late' && placed !== undefined) {
          await finishAttempt(db(), makeResult(placed, one));
        }
        await expectWhole(job);
      }
      if (placed !== undefined) await finishAttempt(db(), makeResult(placed, 'cancelled'));
      await cancelJob(db(), job, 'tester');
      await expectWhole(job);
      expect(await rows.reserved()).toEqual(nothingReserved);
    }),
    { numRuns: 40 },
  );
});

test('concurrent attempts release all capacity and count every transition', async () => {
  const jobs = await Promise.all(Array.from({ length: 24 }, () => rows.submit()));
  await Promise.all(
    jobs.map(async (job, position) => {
      const placed = await rows.place(job);
      await runUp(placed);
      const code = position % 3 === 0 ? 'lost' : 'succeeded';
      await finishAttempt(db(), makeResult(placed, code, { artifacts: [result] }));
    }),
  );
  expect(await rows.reserved()).toEqual(nothingReserved);
  await Promise.all(jobs.map(expectWhole));
});
