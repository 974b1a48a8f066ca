/** Arrivals as a queue: nothing is lost, pushes come first, and people are not kept waiting. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { requestWithin } from '../inspection/index.ts';
import { readArrivalActivity } from './arrival-activity.ts';
import { inspectArrivals, settleArrivals } from './inspect-arrivals.ts';
import { recordPush } from './record-push.ts';
import { readWatched } from './store.ts';

let lab: WatchFixture;
let id = '';
const signal = new AbortController().signal;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
  await lab.database.deleteFrom('inspections').execute();
  await lab.database.deleteFrom('events').execute();
  lab.registry.store.repositories.clear();
  id = await lab.watch({ repositories: ['lab/*'], backlog: 1_000 });
});
afterAll(() => lab.close());

async function fill(repository: string, count: number): Promise<void> {
  const image = await buildTiny();
  for (let tag = 0; tag < count; tag += 1) lab.registry.store.putImage(repository, `${tag}`, image);
}

async function report(repository: string, tag: string): Promise<void> {
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  const digest = lab.registry.store.repository(repository).tags.get(tag) ?? '';
  await recordPush(lab.parts, registry, { source: 'webhook', repository, tag, digest });
}

function inspections() {
  return lab.database
    .selectFrom('inspections')
    .select(['id', 'priority', 'reference', 'state'])
    .orderBy('priority', 'desc')
    .execute();
}

/** As an inspector would end it. */
function end(state: 'finished' | 'failed', problem: string | null = null) {
  return lab.database
    .updateTable('inspections')
    .set({ state, problem_code: problem, problem_detail: problem })
    .where('state', '=', 'queued')
    .execute();
}

test('a backlog leaves room in the queue, and a push comes before it', async () => {
  await fill('lab/backlog', 150);
  await lab.poll(id);
  await inspectArrivals(lab.parts, signal);
  expect(await inspections()).toHaveLength(20);
  await fill('lab/pushed', 1);
  await report('lab/pushed', '0');
  await inspectArrivals(lab.parts, signal);
  const [first] = await inspections();
  expect(first).toMatchObject({
    priority: 30,
    reference: expect.stringContaining('lab/pushed:0@'),
  });
  const { rows } = await sql<{ priority: number }>`
    select priority from lazaret_queue.job where state = 'created'
    order by priority desc limit 1`.execute(lab.database);
  expect(rows).toEqual([{ priority: 30 }]);
});

test('every arrival is handed over once, however many watchers do it at once', async () => {
  await fill('lab/shared', 60);
  await lab.poll(id);
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 4 }, () => inspectArrivals(lab.parts, signal)));
    await end('finished');
    await settleArrivals(lab.parts);
  }
  const rows = await lab.database.selectFrom('arrivals').select(['state', 'attempts']).execute();
  expect(rows).toHaveLength(60);
  expect(rows.every(({ state, attempts }) => state === 'inspected' && attempts === 1)).toBe(true);
  expect(await inspections()).toHaveLength(60);
});

test('an inspection is pinned to the digest that was listed, whatever the tag points to', async () => {
  await fill('lab/pinned', 1);
  const digest = lab.registry.store.repository('lab/pinned').tags.get('0') ?? '';
  await lab.poll(id);
  await fill('lab/pinned', 1);
  await inspectArrivals(lab.parts, signal);
  const reference = `${lab.registry.host}/lab/pinned:0@${digest}`;
  expect(await inspections()).toMatchObject([{ reference }]);
});

test('a transient failure is repeated behind everything else, a final one is not', async () => {
  await fill('lab/failing', 1);
  await lab.poll(id);
  await inspectArrivals(lab.parts, signal);
  await end('failed', 'unreachable');
  expect(await settleArrivals(lab.parts)).toHaveLength(1);
  const read = () => lab.database.selectFrom('arrivals').selectAll().executeTakeFirstOrThrow();
  expect(await read()).toMatchObject({ state: 'waiting', attempts: 1, priority: 10 });
  expect(await inspectArrivals(lab.parts, signal)).toBe(0);
  await lab.database.updateTable('arrivals').set({ retry_at: null }).execute();
  expect(await inspectArrivals(lab.parts, signal)).toBe(1);
  await end('failed', 'not_found');
  await settleArrivals(lab.parts);
  const { id: arrival, digest } = await read();
  expect(await read()).toMatchObject({ state: 'failed', problem_code: 'not_found', attempts: 2 });
  // Only the end is an event, once.
  await settleArrivals(lab.parts);
  const events = await lab.database
    .selectFrom('events')
    .select(['type', 'subject', 'data'])
    .where('type', 'in', ['arrival.inspected', 'arrival.failed'])
    .execute();
  const { name } = (await readWatched(lab.database, id)) ?? {};
  expect(events).toEqual([
    {
      ...{ type: 'arrival.failed', subject: arrival },
      data: {
        ...{ registry: name, address: lab.registry.host, repository: 'lab/failing', tag: '0' },
        ...{ digest, verdict: null, images: [] },
        problem: { code: 'not_found', detail: 'not_found' },
      },
    },
  ]);
});

test('an arrival waits as long as a limit of requests lasts', async () => {
  await fill('lab/limited', 1);
  await lab.poll(id);
  const read = () => lab.database.selectFrom('arrivals').selectAll().executeTakeFirstOrThrow();
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    await inspectArrivals(lab.parts, signal);
    await end('failed', 'rate_limited');
    await settleArrivals(lab.parts);
    expect(await read()).toMatchObject({ state: 'waiting', attempts: attempt });
    await lab.database.updateTable('arrivals').set({ retry_at: null }).execute();
  }
});

test('nothing is requested from a registry that failed repeatedly', async () => {
  await fill('lab/open', 3);
  await lab.poll(id);
  await lab.database.updateTable('registries').set({ failures: 3 }).execute();
  expect(await inspectArrivals(lab.parts, signal)).toBe(0);
  await lab.database.updateTable('registries').set({ failures: 0 }).execute();
  expect(await inspectArrivals(lab.parts, signal)).toBe(3);
});

test('a person who asks for an image of the backlog moves it to the front, once', async () => {
  await fill('lab/asked', 5);
  await lab.poll(id);
  await inspectArrivals(lab.parts, signal);
  const last = (await inspections()).at(-1);
  const { queue } = lab;
  const request = { reference: last?.reference ?? '', platform: 'default', force: false };
  const asked = await lab.database
    .transaction()
    .execute((trx) => requestWithin(trx, request, { queue, project: 'default', actor: 'ana' }));
  expect(asked).toBe(last?.id);
  expect((await inspections())[0]).toMatchObject({ id: asked, priority: 40 });
  const { rows } = await sql<{ inspection: string; priority: number }>`
    select data ->> 'inspection' as inspection, priority from lazaret_queue.job
    where data ->> 'inspection' = ${asked}`.execute(lab.database);
  expect(rows).toEqual([{ inspection: asked, priority: 40 }]);
});

test('each platform setting is an inspection of its own', async () => {
  await lab.database.deleteFrom('registries').execute();
  const platforms = ['linux/amd64', 'linux/arm64'];
  id = await lab.watch({ repositories: ['lab/*'], platforms });
  await fill('lab/platforms', 1);
  await lab.poll(id);
  await inspectArrivals(lab.parts, signal);
  const row = await lab.database.selectFrom('arrivals').selectAll().executeTakeFirstOrThrow();
  expect(row.inspections).toHaveLength(2);
  const rows = await lab.database.selectFrom('inspections').select('platform').execute();
  expect(rows.map(({ platform }) => platform).toSorted()).toEqual(platforms);
});

test('activity counts arrivals by verdict in each hour, and what waits', async () => {
  await fill('lab/trend', 4);
  await lab.poll(id);
  await inspectArrivals(lab.parts, signal);
  await sql`update arrivals set state = 'inspected', verdict = 'malicious', action = 'block'
    where id = (select min(id) from arrivals)`.execute(lab.database);
  const ask = { hours: 24, nowMs: Date.now() };
  const read = (scope: 'all' | readonly string[]) =>
    readArrivalActivity(lab.database, { scope, project: undefined }, ask);
  const { hours, waiting, inspecting } = await read('all');
  expect(hours).toHaveLength(24);
  const sum = (name: 'arrived' | 'malicious' | 'clean' | 'acted'): number =>
    hours.reduce((total, hour) => total + hour[name], 0);
  expect([sum('arrived'), sum('malicious'), sum('clean'), sum('acted')]).toEqual([4, 1, 0, 1]);
  expect(waiting + inspecting).toBe(3);
  const other = await read(['red']);
  expect(other.hours.every(({ arrived }) => arrived === 0)).toBe(true);
  expect(other.waiting + other.inspecting).toBe(0);
});
