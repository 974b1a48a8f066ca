/** Processing, retries, dead letters and retention of deliveries. */
import type { DeliveryDetail, Hook } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  digestOf,
  listDeliveries,
  pushOf,
  startHookServer,
  type HookServer,
} from '../testing/hook-server.ts';
import { hookLimits } from './limits.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';

let database: TestDatabase;
let server: HookServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startHookServer(database);
});

afterAll(async () => {
  await server.close();
  await database.drop();
});

beforeEach(async () => {
  server.recorded.length = 0;
  await sql`delete from hooks`.execute(database.handle.db);
});

test('requests, ended deliveries and their durations are counted', async () => {
  const hook = await server.addHook('distribution');
  server.answers.length = 0;
  await server.deliver(hook, pushOf('counted'));
  await server.deliver(hook, '{');
  await server.deliver({ ...hook, generatedSecret: 'wrong' }, pushOf('x'));
  await server.deliver({ ...hook, url: `${hook.url}0` }, pushOf('x'));
  expect(server.answers).toEqual([
    ...[`${hook.name}: accepted`, `${hook.name}: accepted`],
    ...[`${hook.name}: hook_not_authentic`, ': hook_not_authentic'],
  ]);
  await sql`update hook_deliveries set received_at = now() - interval '20 seconds'
    where content = '{'::bytea`.execute(database.handle.db);
  await server.process();
  const [totals] = await database.handle.db
    .selectFrom('hooks')
    .select(['processed', 'dead_lettered', 'duration_counts', 'duration_seconds'])
    .execute();
  expect(totals).toMatchObject({ processed: 1, dead_lettered: 1 });
  // Within 10 s one of them, within 60 s both.
  expect(totals?.duration_counts.slice(-3)).toEqual([1, 2, 2]);
  expect(totals?.duration_seconds).toBeGreaterThan(20);
});

async function show(name: string): Promise<Hook> {
  return (await server.call('show', { path: name })).body;
}

test('the same event 14 times, reordered, is recorded with the same id each time', async () => {
  const hook = await server.addHook('distribution');
  const ids = ['a', 'b'].flatMap((id) => Array.from({ length: 14 }, () => id)).toSorted();
  const shuffled = ids
    .map((id, at) => [id, (at * 7) % 28] as const)
    .toSorted((x, y) => x[1] - y[1]);
  for (const [id] of shuffled) expect((await server.deliver(hook, pushOf(id))).status).toBe(202);
  await server.process();
  // The registries slice knows an event by its id; see its own tests.
  expect(new Set(server.recorded.map(({ event }) => event.eventId))).toEqual(new Set(['a', 'b']));
  expect(server.recorded).toHaveLength(28);
});

test('without an id a repeated content makes the tag be looked up, so A, B, A is not lost', async () => {
  const hook = await server.addHook('jfrog', { authentication: 'header' });
  const body = (letter: string): object => ({
    domain: 'docker',
    event_type: 'pushed',
    data: { repo_key: 'local', image_name: 'app', tag: 'v1', sha256: letter.repeat(64) },
  });
  for (const letter of ['a', 'a', 'b', 'a']) await server.deliver(hook, body(letter));
  await server.process();
  expect(server.recorded.map(({ event }) => event.digest)).toEqual([
    digestOf('a'),
    null,
    digestOf('b'),
    null,
  ]);
});

test('what the shape does not know becomes a dead letter, answered 202, that can be replayed', async () => {
  const hook = await server.addHook('distribution');
  expect((await server.deliver(hook, '{"hello":1}')).status).toBe(202);
  await server.process();
  const [dead] = await listDeliveries(server, '?state=dead');
  expect(dead).toMatchObject({
    reason: 'expected an object with the list "events"',
    replayable: true,
  });
  const id = dead?.id ?? '';
  const shown = (await server.call('delivery', { path: id })).body as DeliveryDetail;
  expect(shown.content).toBe('{"hello":1}');
  const { rows } = await sql<{ type: string }>`
    select type from events where type like 'hook.%' order by id desc limit 1`.execute(
    database.handle.db,
  );
  expect(rows[0]?.type).toBe('hook.dead_lettered');
  // As if a later version knew the shape.
  const content = Buffer.from(JSON.stringify(pushOf('later')));
  await sql`update hook_deliveries set content = ${content}`.execute(database.handle.db);
  expect((await server.call('replay', { path: id })).status).toBe(202);
  await server.process();
  expect(server.recorded).toHaveLength(1);
  expect((await server.call('replay', { path: id })).status).toBe(409);
});

test('known events of an envelope are recorded although others in it are unknown', async () => {
  const hook = await server.addHook('distribution');
  const { events } = pushOf('one') as { events: object[] };
  await server.deliver(hook, { events: [...events, { action: 'explode' }, { action: 'pull' }] });
  await server.process();
  expect(server.recorded).toHaveLength(1);
  expect(await listDeliveries(server)).toMatchObject([
    {
      state: 'dead',
      reason: 'unknown action "explode"',
      ignored: [
        { reason: 'unknown action "explode"', count: 1 },
        { reason: 'pull', count: 1 },
      ],
    },
  ]);
});

test('a delivery that fails is retried while later ones go on, and is dead at last', async () => {
  const hook = await server.addHook('distribution');
  await server.deliver(hook, pushOf('bad'));
  await server.deliver(hook, pushOf('good', { tag: 'v2' }));
  server.failNext(1);
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId)).toEqual(['good']);
  const failed = (await listDeliveries(server, '?state=queued'))[0];
  expect(failed).toMatchObject({ attempts: 1, reason: 'the disk of the registry is full' });
  const dueNow = sql`update hook_deliveries set retry_at = now() where state = 'queued'`;
  for (let attempt = 1; attempt < hookLimits.attempts; attempt += 1) {
    server.failNext(1);
    await dueNow.execute(database.handle.db);
    await server.process();
  }
  expect(await listDeliveries(server, '?state=dead')).toMatchObject([
    { reason: 'failed 8 times: the disk of the registry is full', replayable: true },
  ]);
  await server.call('replay', { path: failed?.id ?? '' });
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId)).toEqual(['good', 'bad']);
});

test('what actors do that the hook ignores is not recorded', async () => {
  const hook = await server.addHook('distribution', { ignoreActors: ['lazaret'] });
  const { events } = pushOf('one') as { events: object[] };
  const own = events.map((event) => ({ ...event, actor: { name: 'lazaret' } }));
  await server.deliver(hook, { events: own });
  await server.process();
  expect(server.recorded).toEqual([]);
  expect(await listDeliveries(server)).toMatchObject([
    { state: 'processed', events: [{ outcome: 'ignored' }] },
  ]);
});

test('a burst of 500 is stored and processed completely, in order', async () => {
  const hook = await server.addHook('distribution');
  const ids = Array.from({ length: 500 }, (_, at) => `event-${at}`);
  const answers = await Promise.all(
    ids.map((id) => server.deliver(hook, pushOf(id)).then(({ status }) => status)),
  );
  expect(answers).toEqual(Array(500).fill(202));
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId).toSorted()).toEqual(ids.toSorted());
  expect((await show(hook.name)).counts).toMatchObject({ queued: 0, processed: 500, dead: 0 });
}, 60_000);

test('two processes at once record each delivery once', async () => {
  const hook = await server.addHook('distribution');
  for (let at = 0; at < 60; at += 1) await server.deliver(hook, pushOf(`event-${at}`));
  await Promise.all([server.process(), server.process(), server.process()]);
  await server.process();
  expect(server.recorded).toHaveLength(60);
});

test('old and surplus deliveries are removed, and queued ones never', async () => {
  const hook = await server.addHook('distribution');
  await server.deliver(hook, pushOf('old'));
  await server.deliver(hook, '{"dead":1}');
  await server.process();
  await server.deliver(hook, pushOf('waiting'));
  const { db } = database.handle;
  await sql`update hook_deliveries set received_at = now() - interval '8 days'`.execute(db);
  await sweepDeliveries(db);
  expect((await listDeliveries(server)).map(({ state }) => state)).toEqual(['queued', 'dead']);
  await sql`update hook_deliveries set received_at = now() - interval '31 days'`.execute(db);
  await sweepDeliveries(db);
  expect((await listDeliveries(server)).map(({ state }) => state)).toEqual(['queued']);
});

test('the bytes of dead letters are bounded: the oldest lose their content, and say so', async () => {
  const hook = await server.addHook('distribution');
  await server.deliver(hook, '{"dead":1}');
  await server.deliver(hook, '{"dead":2}');
  await server.process();
  const { db } = database.handle;
  await sql`update hook_deliveries set content_bytes = ${hookLimits.deadBytesPerHook}`.execute(db);
  await sweepDeliveries(db);
  const [newer, older] = await listDeliveries(server);
  expect([newer?.replayable, older?.replayable]).toEqual([true, false]);
  const { status, body } = await server.call('replay', { path: older?.id ?? '' });
  expect(status).toBe(409);
  expect((body as { detail: string }).detail).toContain('no longer stored');
});
