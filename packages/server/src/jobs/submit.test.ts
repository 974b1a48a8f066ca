/**
 * Submission with a real database: a refusal leaves no rows, concurrent requests create one job.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { prepareJobRows, type JobRows } from '../testing/job-rows.ts';
import { readJob } from './read.ts';
import { checkBareUpload } from './submit.ts';

let database: TestDatabase;
let rows: JobRows;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
});
afterAll(() => database.drop());

async function countJobs(): Promise<number> {
  return (await database.handle.db.selectFrom('jobs').select('id').execute()).length;
}

test('concurrent submissions with one key create one job, and all return it', async () => {
  const before = await countJobs();
  const ids = await Promise.all(Array.from({ length: 12 }, () => rows.submit({}, 'one-key')));
  expect(new Set(ids).size).toBe(1);
  expect(await countJobs()).toBe(before + 1);
  expect(await rows.history(ids[0] ?? '')).toEqual({ numbers: [1], finals: [] });
});

test('the same key for another request is a conflict that refers to the first job', async () => {
  const id = await rows.submit({ priority: 1 }, 'taken');
  const before = await countJobs();
  await expect(rows.submit({ priority: 2 }, 'taken')).rejects.toMatchObject({
    code: 'idempotency_conflict',
    message: expect.stringContaining(id) as string,
  });
  expect(await countJobs()).toBe(before);
});

test('concurrent different requests with one key: one job, a conflict for the others', async () => {
  const before = await countJobs();
  const all = await Promise.allSettled(
    [1, 2, 3, 4].map((priority) => rows.submit({ priority }, 'raced')),
  );
  expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  for (const one of all) {
    if (one.status === 'rejected')
      expect(one.reason).toMatchObject({ code: 'idempotency_conflict' });
  }
  expect(await countJobs()).toBe(before + 1);
});

test.each([
  ['too many inputs', 5, 'invalid_input'],
  ['an input that was not uploaded', 1, 'not_found'],
])('%s are refused and nothing is stored', async (_, count, code) => {
  const before = await countJobs();
  const inputs = Array.from({ length: count }, () => ({ sha256: 'f'.repeat(64) }));
  await expect(rows.submit({ inputs })).rejects.toMatchObject({ code });
  expect(await countJobs()).toBe(before);
});

test('two inputs with one name are refused, with different names they are accepted', async () => {
  const twice = [{ sha256: rows.sample }, { sha256: rows.sample }];
  await expect(rows.submit({ inputs: twice })).rejects.toMatchObject({ code: 'invalid_input' });
  const inputs = twice.map((one, position) => ({ ...one, name: `sample ${position}` }));
  const job = await readJob(database.handle.db, 'all', await rows.submit({ inputs }));
  expect(job.inputs.map((one) => one.name)).toEqual(['sample 0', 'sample 1']);
});

test('parameters for an engine that takes none, and too large ones, are refused', async () => {
  const parameters = { mode: 'x' };
  await expect(rows.submit({ parameters })).rejects.toMatchObject({ code: 'invalid_parameters' });
  // the second one has fewer characters than the limit has bytes
  for (const mode of ['x'.repeat(70_000), '検'.repeat(30_000)]) {
    await expect(rows.submit({ parameters: { mode } })).rejects.toMatchObject({
      code: 'invalid_parameters',
      message: expect.stringMatching(/expected at most \d+ bytes, received \d+/),
    });
  }
});

test('a time limit may only be shorter than the engine allows', async () => {
  const read = async (timeLimit: number) =>
    (await readJob(database.handle.db, 'all', await rows.submit({ timeLimit }))).timeLimitMs;
  expect(await read(5)).toBe(5_000);
  expect(await read(100_000)).toBe(rows.engine.manifest.timeLimit * 1_000);
});

test('one upload without parameters is checked before it is read', () => {
  expect(() => checkBareUpload(rows.engine, [])).not.toThrow();
  const fault = { path: 'parameters.mode', message: 'is required' };
  expect(() => checkBareUpload(rows.engine, [fault])).toThrow(/parameters\.mode/);
  const { manifest } = rows.engine;
  const pair = { ...manifest, input: { ...manifest.input, count: { min: 2, max: 2 } } };
  expect(() => checkBareUpload({ ...rows.engine, manifest: pair }, [])).toThrow(/inputs/);
});
