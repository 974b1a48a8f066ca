/** Many jobs at once: selection, refusals, permissions, and the audit log. */
import { limits, type BulkOutput } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import type { BlobStore } from '../blobs/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { prepareJobRows, type JobRows } from '../testing/job-rows.ts';
import { jobRoutes } from './routes.ts';

let database: TestDatabase;
let rows: JobRows;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  rows = await prepareJobRows(database.handle.db);
  const routes = jobRoutes({
    database: database.handle.db,
    // These tests read no content.
    blobs: {} as BlobStore,
    findEngine: () => Promise.resolve(rows.engine),
    checkParameters: () => [],
    onEvents: () => undefined,
    onQueue: () => undefined,
    changed: () => Promise.resolve(),
    nowMs: () => 0,
  });
  server = await startTestHttp(
    routes,
    new Map([
      ['admin', testPrincipal('admin', [{ role: 'administrator', project: null }])],
      ['viewer', testPrincipal('viewer', [{ role: 'viewer', project: null }])],
      ['red', testPrincipal('red', [{ role: 'submitter', project: 'red' }])],
    ]),
  );
  await database.handle.db.insertInto('projects').values({ name: 'red' }).execute();
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

let made: string[];
beforeEach(async () => {
  await database.handle.db.updateTable('jobs').set({ state: 'succeeded' }).execute();
  made = [];
  for (const tag of ['a', 'a', 'b']) made.push(await rows.submit({ tags: [tag] }));
});

async function call(
  what: 'cancel' | 'rerun',
  body: object,
  extra: { token?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: BulkOutput & { code: string; detail: string } }> {
  const answer = await fetch(`${server.url}/api/v1/jobs/${what}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${extra.token ?? 'admin'}`,
      'content-type': 'application/json',
      ...extra.headers,
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as never };
}

const statesOf = async (ids: readonly string[]): Promise<string[]> => {
  const found = await database.handle.db
    .selectFrom('jobs')
    .select(['id', 'state'])
    .where('id', 'in', ids)
    .orderBy('id')
    .execute();
  return found.map(({ state }) => state);
};

test('a filter cancels the matching jobs and no others, with an event for each', async () => {
  const { body } = await call('cancel', { tag: 'a' });
  expect(body).toMatchObject({ matched: 2, changed: 2, unchanged: 0, failed: 0 });
  expect(body.results.map(({ id, status }) => [id, status])).toEqual([
    [made[0], 'cancelled'],
    [made[1], 'cancelled'],
  ]);
  expect(await statesOf(made)).toEqual(['cancelled', 'cancelled', 'queued']);
  const events = await database.handle.db
    .selectFrom('events')
    .select(['subject', 'actor'])
    .where('type', '=', 'job.cancelled')
    .where('subject', 'in', made)
    .execute();
  expect(events).toHaveLength(2);
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['admin']));
});

test('a running job is cancelling until its worker has ended it', async () => {
  await rows.place(made[0] ?? '');
  const { body } = await call('cancel', { tag: 'a' });
  expect(body.results.map(({ status }) => status)).toEqual(['cancelling', 'cancelled']);
  expect((await call('cancel', { ids: [made[0]] })).body).toMatchObject({ unchanged: 1 });
});

test('a dry run counts and changes nothing', async () => {
  const { body } = await call('cancel', { tag: 'a', dryRun: true });
  expect(body).toMatchObject({ dryRun: true, matched: 2, changed: 2, results: [] });
  expect(await statesOf(made)).toEqual(['queued', 'queued', 'queued']);
});

test('a dry run by filter counts a job that is being cancelled as unchanged', async () => {
  await rows.place(made[0] ?? '');
  await call('cancel', { ids: [made[0]] });
  const dry = await call('cancel', { tag: 'a', dryRun: true });
  const real = await call('cancel', { tag: 'a' });
  expect(dry.body).toMatchObject({ matched: 2, changed: 1, unchanged: 1, failed: 0 });
  expect(real.body).toMatchObject({ matched: 2, changed: 1, unchanged: 1, failed: 0 });
});

test('a dry run by ids has the result of the cancellation, and changes nothing', async () => {
  await call('cancel', { ids: [made[0]] });
  await rows.place(made[1] ?? '');
  const ids = [...made, '0000000000000000'];
  const before = await statesOf(made);
  const dry = await call('cancel', { ids, dryRun: true });
  expect(dry.body).toMatchObject({ matched: 3, changed: 2, unchanged: 1, failed: 1 });
  expect(await statesOf(made)).toEqual(before);
  const real = await call('cancel', { ids });
  expect(dry.body).toEqual({ ...real.body, dryRun: true });
});

test('a dry run of a rerun reports an unknown id as failed', async () => {
  const ids = [made[0], '0000000000000000'];
  const { body } = await call('rerun', { ids, dryRun: true });
  expect(body).toMatchObject({ matched: 1, changed: 1, unchanged: 0, failed: 1 });
  expect(body.results).toMatchObject([
    { id: made[0], status: 'resubmitted', job: null },
    { id: '0000000000000000', status: 'failed', problem: { code: 'not_found' } },
  ]);
});

test('jobs that are submitted after the count are not changed', async () => {
  const late = await rows.submit({ tags: ['a'] });
  await call('cancel', { tag: 'a', notAfter: made[2] });
  expect(await statesOf([late])).toEqual(['queued']);
});

test.each([[{}], [{ dryRun: true }], [{ every: false }]])(
  'a call without ids and filter (%j) is refused instead of selecting all jobs',
  async (body) => {
    const answer = await call('cancel', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.body.detail).toContain('every=true');
    expect(await statesOf(made)).toEqual(['queued', 'queued', 'queued']);
  },
);

test.each([
  ['text', ''],
  ['text', ' '],
  ['tag', ''],
  ['node', ''],
  ['submittedBy', ''],
  ['engine', []],
  ['engine', ''],
  ['state', []],
  ['state', ['']],
])('the empty filter %s=%j is refused instead of selecting jobs', async (field, value) => {
  for (const body of [{ [field]: value }, { [field]: value, tag: 'a', every: true }]) {
    if (field === 'tag') Object.assign(body, { tag: value });
    for (const what of ['cancel', 'rerun'] as const) {
      const answer = await call(what, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(answer.body).toMatchObject({ fields: [{ path: field }] });
    }
  }
  expect(await statesOf(made)).toEqual(['queued', 'queued', 'queued']);
});

test('every=true selects all active jobs', async () => {
  expect((await call('cancel', { every: true })).body).toMatchObject({ matched: 3, changed: 3 });
});

test('ids that do not exist are reported, and the others are cancelled', async () => {
  const { body } = await call('cancel', { ids: ['0000000000000000', made[0]] });
  expect(body).toMatchObject({ changed: 1, failed: 1 });
  expect(body.results.at(-1)).toMatchObject({
    id: '0000000000000000',
    status: 'failed',
    problem: { code: 'not_found' },
  });
});

test('more jobs than the limit are refused and none is changed', async () => {
  const count = limits.bulkRerunJobs + 1;
  await sql`insert into jobs (id, project, engine, engine_revision, state, tags, memory_bytes, cpus,
      time_limit_ms, queue_time_limit_ms, submitted_by, finished_at)
    select lpad(n::text, 16, '0'), project, engine, engine_revision, 'failed', '{many}',
      memory_bytes, cpus, time_limit_ms, queue_time_limit_ms, submitted_by, now()
    from jobs, generate_series(1, ${count}) as n
    where id = ${made[0]}`.execute(database.handle.db);
  const total = async (): Promise<number> =>
    (await database.handle.db.selectFrom('jobs').select('id').execute()).length;
  const before = await total();
  const { status, body } = await call('rerun', { tag: 'many' });
  expect([status, body.code]).toEqual([409, 'selection_too_large']);
  expect(body.detail).toContain('limit 1000');
  expect(await total()).toBe(before);
  expect((await call('rerun', { tag: 'many', dryRun: true })).body).toMatchObject({
    matched: count,
  });
});

test('ended jobs are submitted again and refer to the job that they repeat', async () => {
  await call('cancel', { tag: 'a' });
  const { body } = await call('rerun', { tag: 'a', state: 'cancelled' });
  expect(body).toMatchObject({ matched: 2, changed: 2 });
  const again = body.results.map(({ job }) => job ?? '');
  const found = await database.handle.db
    .selectFrom('jobs')
    .select(['rerun_of', 'tags'])
    .where('id', 'in', again)
    .orderBy('id')
    .execute();
  expect(found.map((row) => row.rerun_of)).toEqual([made[0], made[1]]);
  expect(found.every((row) => row.tags.includes('a'))).toBe(true);
});

test('a repeated call with one Idempotency-Key submits no job twice', async () => {
  await call('cancel', { tag: 'a' });
  const headers = { 'idempotency-key': 'once' };
  const first = await call('rerun', { ids: made.slice(0, 2) }, { headers });
  const second = await call('rerun', { ids: made.slice(0, 2) }, { headers });
  expect(second.body.results).toEqual(first.body.results);
  expect(new Set(first.body.results.map(({ job }) => job)).size).toBe(2);
});

test('a viewer may do neither, and a submitter only in their project', async () => {
  expect((await call('cancel', { tag: 'a' }, { token: 'viewer' })).status).toBe(403);
  expect((await call('rerun', { tag: 'a' }, { token: 'viewer' })).status).toBe(403);
  const { body } = await call('cancel', { tag: 'a' }, { token: 'red' });
  expect(body).toMatchObject({ matched: 0, changed: 0 });
  const named = await call('cancel', { ids: [made[0]] }, { token: 'red' });
  expect(named.body).toMatchObject({ failed: 1, changed: 0 });
  expect(await statesOf(made)).toEqual(['queued', 'queued', 'queued']);
});
