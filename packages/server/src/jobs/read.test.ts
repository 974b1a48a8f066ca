/** Reading jobs: stable pages, exact filters, project isolation. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { makeResult, prepareJobRows, type JobRows } from '../testing/job-rows.ts';
import { cancelJob } from './cancel.ts';
import { finishAttempt } from './move.ts';
import type { JobFilter } from './filter-jobs.ts';
import { countJobs, listJobs, readActivity, readJob } from './read.ts';

let database: TestDatabase;
let rows: JobRows;
const made: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
  for (let number = 0; number < 30; number += 1) {
    const tags = number % 3 === 0 ? ['third', '50%_off'] : ['other'];
    const inputs = number % 5 === 0 ? [{ sha256: rows.sample, name: `file_${number}.apk` }] : [];
    made.push(await rows.submit({ tags, inputs }));
  }
  for (const job of made.slice(0, 4)) await cancelJob(database.handle.db, job, 'tester');
  const placed = await rows.place(made[4] ?? '');
  await finishAttempt(database.handle.db, makeResult(placed, 'time_limit'));
});
afterAll(() => database.drop());

const list = (filter: JobFilter, limit = 200, cursor?: string) =>
  listJobs(database.handle.db, 'all', { filter, limit, cursor });

test('pages of any size have every job once, newest first, also while new jobs arrive', async () => {
  const newestFirst = made.toSorted().toReversed();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (sizes) => {
      const seen: string[] = [];
      let cursor: string | undefined = (await list({}, 1)).items[0]?.id;
      const first = cursor;
      if (first !== undefined) seen.push(first);
      for (let turn = 0; cursor !== undefined; turn += 1) {
        if (turn === 1) await rows.submit({ tags: ['newcomer'] });
        const page = await list({}, sizes[turn % sizes.length] ?? 1, cursor);
        seen.push(...page.items.map((job) => job.id));
        cursor = page.next ?? undefined;
      }
      expect(seen.filter((id) => made.includes(id))).toEqual(newestFirst);
      expect(new Set(seen).size).toBe(seen.length);
    }),
    { numRuns: 10 },
  );
});

test.each<[string, JobFilter, (position: number) => boolean]>([
  ['a tag', { tag: 'third' }, (position) => position % 3 === 0],
  [
    'part of a tag, with wildcard characters taken literally',
    { text: '0%_o' },
    (position) => position % 3 === 0,
  ],
  ['part of a file name, in any case', { text: 'LE_2' }, (position) => [20, 25].includes(position)],
  ['wildcards that occur in no name', { text: '%' + '_'.repeat(5) }, () => false],
  ['a state', { state: ['cancelled'] }, (position) => position < 4],
  ['no state at all', { state: [] }, () => false],
  ['an input', { sha256: 'a'.repeat(64) }, (position) => position % 5 === 0],
  ['another engine', { engine: ['apktool'] }, () => false],
  ['another project', { project: 'red' }, () => false],
  ['who submitted', { submittedBy: "tester' or true --" }, () => false],
])('%s as a filter finds these jobs, and counts them', async (_, filter, belongs) => {
  const found = (await list(filter)).items.map((job) => job.id).filter((id) => made.includes(id));
  expect(found.toSorted()).toEqual(made.filter((_id, position) => belongs(position)).toSorted());
  const total = (await list(filter)).items.length;
  const counts = await countJobs(database.handle.db, 'all', filter);
  expect(counts.total).toBe(total);
  expect(Object.values(counts.byState).reduce((sum, count) => sum + count, 0)).toBe(total);
});

test('the prefix of an id finds the jobs that share it', async () => {
  const [whole = ''] = made;
  expect((await list({ id: whole })).items.map(({ id }) => id)).toEqual([whole]);
  for (const length of [1, 8, 12, 15]) {
    const start = whole.slice(0, length);
    const found = (await list({ id: start })).items.map(({ id }) => id);
    const every = (await list({})).items.map(({ id }) => id);
    expect(found).toEqual(every.filter((id) => id.startsWith(start)));
  }
  expect((await list({ id: 'zzzz' })).items).toEqual([]);
});

test('counting after a job only counts newer ones', async () => {
  const before = (await list({}, 1)).items[0]?.id ?? '';
  expect((await countJobs(database.handle.db, 'all', { after: before })).total).toBe(0);
  await rows.submit();
  expect((await countJobs(database.handle.db, 'all', { after: before })).total).toBe(1);
});

test('a job out of scope does not exist, is not listed and not counted', async () => {
  const { db } = database.handle;
  for (const scope of [[], ['red']]) {
    expect(await listJobs(db, scope, { filter: {}, limit: 10 })).toEqual({ items: [], next: null });
    expect((await countJobs(db, scope, {})).total).toBe(0);
    await expect(readJob(db, scope, made[0] ?? '')).rejects.toMatchObject({ code: 'not_found' });
  }
});

test('activity has every requested hour, including empty ones, and counts ended jobs', async () => {
  const nowMs = Date.now();
  const { hours } = await readActivity(database.handle.db, 'all', { hours: 24, nowMs });
  expect(hours).toHaveLength(24);
  const sum = (key: 'submitted' | 'cancelled' | 'timed_out' | 'failed'): number =>
    hours.reduce((total, hour) => total + hour[key], 0);
  expect(sum('cancelled')).toBe(4);
  expect(sum('submitted')).toBeGreaterThanOrEqual(made.length);
});
