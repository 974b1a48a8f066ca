/**
 * Cancellation: immediate for a queued job, by the worker for a running one, idempotent, never
 * after the end.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { makeResult, prepareJobRows, type JobRows } from '../testing/job-rows.ts';
import { cancelJob } from './cancel.ts';
import { finishAttempt, moveAttempt } from './move.ts';
import { readJob } from './read.ts';

let database: TestDatabase;
let rows: JobRows;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
});
afterAll(() => database.drop());

const read = (job: string) => readJob(database.handle.db, 'all', job);
const cancel = (job: string, actor = 'tester') => cancelJob(database.handle.db, job, actor);

async function countCancelEvents(job: string): Promise<number> {
  const events = await database.handle.db
    .selectFrom('events')
    .select('id')
    .where('type', '=', 'job.cancelled')
    .where('subject', '=', job)
    .execute();
  return events.length;
}

test('a queued job ends at once, and records who cancelled it', async () => {
  const job = await rows.submit();
  await cancel(job, 'alice');
  const done = await read(job);
  expect(done).toMatchObject({
    state: 'cancelled',
    outcome: { code: 'cancelled' },
    waitReason: null,
  });
  expect(done.outcome?.detail).toContain('alice');
  expect(done.finishedAt).not.toBeNull();
  expect(done.history.at(-1)).toMatchObject({ state: 'cancelled', cause: 'alice' });
});

test('many concurrent cancellations are one', async () => {
  const job = await rows.submit();
  await Promise.all(Array.from({ length: 10 }, (_, number) => cancel(job, `user-${number}`)));
  expect(await countCancelEvents(job)).toBe(1);
  expect(await rows.history(job)).toEqual({ numbers: [1, 2], finals: ['cancelled'] });
});

test('a running job keeps its capacity until its worker ends it, then it is cancelled', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  await moveAttempt(database.handle.db, { ...placed, to: 'starting' });
  await cancel(job, 'alice');
  expect(await read(job)).toMatchObject({ state: 'starting', outcome: null });
  expect((await rows.reserved()).live).toBe(1);
  await finishAttempt(database.handle.db, makeResult(placed, 'cancelled'));
  const done = await read(job);
  expect(done).toMatchObject({ state: 'cancelled', outcome: { code: 'cancelled' } });
  expect(done.history.at(-1)).toMatchObject({ cause: 'alice' });
  expect((await rows.reserved()).live).toBe(0);
});

test('a job whose attempt fails after it was cancelled is not tried again', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  await cancel(job);
  const after = await finishAttempt(database.handle.db, makeResult(placed, 'lost'));
  expect(after).toEqual({ next: 'cancelled' });
  expect(await rows.place(job).catch(() => 'not placed')).toBe('not placed');
});

test('an ended job is unchanged, and an unknown job is not found', async () => {
  const job = await rows.submit();
  const placed = await rows.place(job);
  for (const to of ['starting', 'running', 'collecting'] as const) {
    await moveAttempt(database.handle.db, { ...placed, to });
  }
  await finishAttempt(database.handle.db, makeResult(placed, 'succeeded'));
  const before = await read(job);
  await cancel(job);
  expect(await read(job)).toEqual(before);
  expect(await countCancelEvents(job)).toBe(0);
  await cancel('0'.repeat(16));
});
