/**
 * Sorted lists of jobs: the order is right, pages are complete, cursors of other lists are refused.
 */
import { jobSorts, type Job, type JobSort } from '@lazaret/protocol';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { makeResult, prepareJobRows, type JobRows } from '../testing/job-rows.ts';
import { cancelJob } from './cancel.ts';
import { finishAttempt } from './move.ts';
import { listJobs } from './read.ts';

let database: TestDatabase;
let rows: JobRows;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
  for (let number = 0; number < 24; number += 1) {
    const id = await rows.submit({ priority: (number * 7) % 5 });
    if (number % 3 === 0) await cancelJob(database.handle.db, id, 'tester');
    if (number % 3 !== 1) continue;
    const placed = await rows.place(id);
    if (number % 2 === 0) await finishAttempt(database.handle.db, makeResult(placed, 'time_limit'));
  }
});
afterAll(() => database.drop());

type Order = 'asc' | 'desc';

async function readAll(sort: JobSort, order: Order, limit: number): Promise<Job[]> {
  const seen: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await listJobs(database.handle.db, 'all', {
      ...{ filter: {}, limit, sort, order },
      ...(cursor === undefined ? {} : { cursor }),
    });
    seen.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return seen;
}

const valueOf: Partial<Record<JobSort, (job: Job) => string | number | null>> = {
  createdAt: ({ id }) => id,
  finishedAt: ({ finishedAt }) => finishedAt,
  priority: ({ priority }) => priority,
  engine: ({ engine }) => engine,
};

describe.each(jobSorts)('sorted by %s', (sort) => {
  test.each<Order>(['asc', 'desc'])(
    '%s: small pages have the same rows as one large page',
    async (order) => {
      const whole = await readAll(sort, order, 200);
      const paged = await readAll(sort, order, 5);
      expect(whole).toHaveLength(24);
      expect(paged.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
      const value = valueOf[sort];
      if (value === undefined) return;
      const values = whole.map(value);
      const known = values.filter((one) => one !== null);
      const sorted = known.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
      expect(known).toEqual(order === 'asc' ? sorted : sorted.toReversed());
      // Those without a value come last in any order.
      expect(values.slice(0, known.length)).toEqual(known);
    },
  );
});

test('a page continues after its last row when jobs arrive or end meanwhile', async () => {
  const first = await listJobs(database.handle.db, 'all', {
    ...{ filter: {}, limit: 10, sort: 'priority', order: 'desc' },
  });
  await rows.submit({ priority: 100 });
  const second = await listJobs(database.handle.db, 'all', {
    ...{ filter: {}, limit: 200, sort: 'priority', order: 'desc' },
    cursor: first.next ?? '',
  });
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  expect(new Set(ids).size).toBe(24);
});

test.each([
  ['of another order', { sort: 'priority', order: 'asc' } as const],
  ['of another sort', { sort: 'state', order: 'desc' } as const],
])('a cursor %s is refused', async (_, ask) => {
  const page = await listJobs(database.handle.db, 'all', {
    ...{ filter: {}, limit: 1, sort: 'priority', order: 'desc' },
  });
  const cursor = page.next ?? '';
  await expect(
    listJobs(database.handle.db, 'all', { filter: {}, limit: 1, cursor, ...ask }),
  ).rejects.toMatchObject({ code: 'invalid_request', message: /sorted by priority desc/ });
});

test.each([
  'nonsense',
  '',
  '[]',
  Buffer.from('["priority","desc","1; drop","x"]').toString('base64url'),
])('the cursor %j is refused', async (cursor) => {
  for (const sort of ['createdAt', 'priority'] as const) {
    await expect(
      listJobs(database.handle.db, 'all', { filter: {}, limit: 1, cursor, sort }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  }
});
