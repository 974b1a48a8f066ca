/** From an event to the receiver: order, retries, dead letters, replay, pausing. */
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  startNotificationServer,
  startReceiver,
  type NotificationServer,
  type Receiver,
} from '../testing/notification-server.ts';
import { notificationLimits } from './limits.ts';
import { notificationsSlice } from './slice.ts';
import { sweepDeliveries } from './sweep.ts';

let database: TestDatabase;
let server: NotificationServer;
let receiver: Receiver;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());
beforeEach(async () => {
  await sql`truncate notification_targets, events cascade`.execute(database.handle.db);
  await sql`delete from event_readers`.execute(database.handle.db);
  receiver = await startReceiver();
  server = await startNotificationServer(database);
});
afterEach(async () => {
  await server.close();
  await receiver.close();
});

const subjects = (): string[] => receiver.requests.map(({ content }) => content.subject);

/** What the status of the system says. */
async function listMissing(): Promise<readonly { readonly detail: string }[]> {
  const slice = notificationsSlice({
    ...{ database: database.handle.db, onEvents: () => undefined, wake: () => undefined },
    places: { directory: '/', exports: '/', variable: () => undefined },
    readReport: () => Promise.resolve(undefined),
    readScriptOutput: () => Promise.resolve(undefined),
    ...{ publicUrl: '', now: () => Date.now() },
  });
  return (await slice.health?.missing?.()) ?? [];
}

/** Makes what waits for its next attempt due now. */
async function passTime(): Promise<void> {
  await sql`update notification_targets set retry_at = now() where retry_at > now()`.execute(
    database.handle.db,
  );
}

async function expectState(target: string, states: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await server.deliveries(target)).map(({ state }) => state))
    .toEqual(states);
}

test('events arrive in order, each once, and only those of the chosen types', async () => {
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit(
    ...Array.from({ length: 20 }, (_, index) => ({
      type: 'job.finished' as const,
      subject: `job-${index}`,
    })),
    { type: 'node.changed', subject: 'n' },
  );
  await expectState(
    'hook',
    Array.from({ length: 20 }, () => 'delivered'),
  );
  expect(subjects()).toEqual(Array.from({ length: 20 }, (_, index) => `job-${index}`));
  const { counts, lastDeliveredAt, state } = await server.show('hook');
  expect(counts).toEqual({ queued: 0, delivered: 20, dead: 0, failed: 0 });
  expect([state, lastDeliveredAt === null]).toEqual(['healthy', false]);
});

test('a failed delivery is sent again, before later ones, with the same id', async () => {
  let failures = 2;
  receiver.answer = () => {
    failures -= 1;
    return failures >= 0 ? { status: 503, body: 'busy\n' } : {};
  };
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit({ type: 'job.moved', subject: 'a' }, { type: 'job.moved', subject: 'b' });
  await expect.poll(async () => (await server.show('hook')).problem?.failures).toBe(1);
  const { problem, state } = await server.show('hook');
  expect(problem).toMatchObject({ detail: 'answered 503: busy' });
  expect(state).toBe('failing');
  await passTime();
  await expect.poll(async () => (await server.show('hook')).problem?.failures).toBe(2);
  await passTime();
  await expectState('hook', ['delivered', 'delivered']);
  expect(subjects()).toEqual(['a', 'a', 'a', 'b']);
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(2);
  expect((await server.deliveries('hook')).map(({ id }) => id)).toEqual([ids[0], ids[3]]);
  expect(await server.show('hook')).toMatchObject({
    ...{ state: 'healthy', problem: null },
    counts: { failed: 2, delivered: 2 },
  });
});

test('Retry-After is followed when it is longer than the delay', async () => {
  receiver.answer = () => ({ status: 429, headers: { 'retry-after': '600' } });
  await server.addWebhook('hook', receiver.url);
  await server.emit({ type: 'job.moved' });
  await expect.poll(async () => (await server.show('hook')).problem).not.toBeNull();
  const { problem } = await server.show('hook');
  const delayMs = Date.parse(problem?.retryAt ?? '') - Date.now();
  expect(delayMs).toBeGreaterThan(500_000);
  expect(delayMs).toBeLessThanOrEqual(600_000);
});

test('a message that is not accepted is a dead letter and does not stop the next', async () => {
  receiver.answer = ({ content }) => (content.subject === 'bad' ? { status: 422 } : {});
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit({ type: 'job.moved', subject: 'bad' }, { type: 'job.moved', subject: 'good' });
  await expectState('hook', ['dead', 'delivered']);
  const [dead] = await server.deliveries('hook', '&state=dead');
  expect(dead).toMatchObject({ reason: 'answered 422', status: 422, attempts: 1 });
  expect(await server.show('hook')).toMatchObject({ state: 'healthy', problem: null });
  receiver.answer = () => ({});
  const { status } = await server.call('replay', { path: dead?.id ?? '' });
  expect(status).toBe(202);
  await expectState('hook', ['delivered', 'delivered']);
  expect(receiver.requests.at(-1)?.headers['webhook-id']).toBe(dead?.id);
  expect((await server.call('replay', { path: '0000000000000000' })).status).toBe(404);
});

test('after the last attempt a delivery is a dead letter; all are replayed in order', async () => {
  receiver.answer = () => ({ status: 500 });
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit({ type: 'job.moved', subject: 'a' }, { type: 'job.moved', subject: 'b' });
  await sql`update notification_deliveries set attempts = ${notificationLimits.attempts - 1}`.execute(
    database.handle.db,
  );
  await expect
    .poll(async () => {
      await sql`update notification_deliveries set attempts = ${notificationLimits.attempts}
        where state = 'queued'`.execute(database.handle.db);
      await passTime();
      return (await server.deliveries('hook', '&state=dead')).length;
    })
    .toBe(2);
  const missing = await listMissing();
  expect(missing.map(({ detail }) => detail.replace(/next at .*/, ''))).toEqual([
    expect.stringMatching(/^\d+ attempts? failed: answered 500; $/),
    '2 dead letters in the last 24 hours: answered 500',
  ]);
  receiver.requests.length = 0;
  receiver.answer = () => ({});
  await passTime();
  const { body } = await server.call('replayAll', { path: 'hook' });
  expect(body).toEqual({ replayed: 2 });
  await expectState('hook', ['delivered', 'delivered']);
  expect(subjects()).toEqual(['a', 'b']);
});

test('a target that fails delays no other, and is paused in the end', async () => {
  const silent = await startReceiver();
  silent.answer = () => ({ silent: true });
  try {
    await server.addWebhook('silent', silent.url, { events: ['job.*'] });
    await server.addWebhook('hook', receiver.url, { events: ['job.*', 'notification.*'] });
    await server.emit({ type: 'job.moved', subject: 'a' });
    await expect.poll(subjects).toContain('a');
    expect((await server.deliveries('silent'))[0]?.state).toBe('queued');
  } finally {
    await silent.close();
  }
  await sql`update notification_targets set failures = ${notificationLimits.pauseFailures},
    failing_since = now() - interval '2 days', retry_at = now() where name = 'silent'`.execute(
    database.handle.db,
  );
  await expect.poll(async () => (await server.show('silent')).state).toBe('paused');
  expect((await server.show('silent')).problem?.retryAt).toBeNull();
  // The other target hears of it.
  const paused = 'notification.target_paused';
  await expect
    .poll(() => receiver.requests.filter(({ content }) => content.type === paused).length)
    .toBe(1);
  await server.call('update', { path: 'silent', body: { url: receiver.url } });
  await expectState('silent', ['delivered']);
});

test('a receiver that answers 410 is paused at once; a test that succeeds resumes it', async () => {
  receiver.answer = () => ({ status: 410 });
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit({ type: 'job.moved' });
  await expect.poll(async () => (await server.show('hook')).state).toBe('paused');
  receiver.answer = () => ({});
  const { body } = await server.call('test', { path: 'hook' });
  expect(body).toMatchObject({ ok: true, status: 204, detail: 'answered 204' });
  expect(receiver.requests.at(-1)?.content).toMatchObject({
    ...{ type: 'notification.tested', subject: 'hook' },
  });
  await expectState('hook', ['delivered']);
});

test('dead letters are reported to other targets, but never those of such reports', async () => {
  receiver.answer = () => ({ status: 400 });
  await server.addWebhook('one', receiver.url, { events: ['job.*', 'notification.*'] });
  await server.addWebhook('two', receiver.url, { events: ['notification.dead_lettered'] });
  await server.emit({ type: 'job.moved', subject: 'a' });
  await expectState('two', ['dead']);
  const [report] = await server.deliveries('two');
  const { body } = await server.call('delivery', { path: report?.id ?? '' });
  expect(body).toMatchObject({
    event: {
      subject: 'one',
      data: { deliveries: 1, types: ['job.moved'], reason: 'answered 400' },
    },
  });
  // The failure of the report itself is not reported; an event after it shows that.
  await server.emit({ type: 'job.moved', subject: 'last' });
  await expect.poll(subjects).toContain('last');
  await expectState('two', ['dead', 'dead']);
  const types = (await server.deliveries('one')).map(({ type }) => type);
  expect(types.filter((type) => type === 'notification.dead_lettered')).toEqual([]);
});

test('deliveries are sent again after a process that sent them was killed', async () => {
  await server.addWebhook('hook', receiver.url, { events: ['job.*'], enabled: false });
  await server.call('update', { path: 'hook', body: { enabled: true } });
  // A killed process left its lease; it sent, and did not record it.
  await sql`update notification_targets set fence = 'killed',
    lease_until = now() + interval '500 milliseconds'`.execute(database.handle.db);
  await server.emit({ type: 'job.moved', subject: 'a' });
  await expectState('hook', ['queued']);
  expect(receiver.requests).toEqual([]);
  await expectState('hook', ['delivered']);
});

test('the status says when no process sends what is due', async () => {
  await server.close();
  server = await startNotificationServer(database, { idle: true });
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  await server.emit({ type: 'job.moved' });
  await expectState('hook', ['queued']);
  expect(await listMissing()).toEqual([]);
  const { pool } = database.handle;
  await pool.query(`update notification_targets set retry_at = now() - interval '3 minutes'`);
  await pool.query(`update notification_deliveries set queued_at = now() - interval '3 minutes'`);
  expect(await listMissing()).toMatchObject([{ detail: 'No process sends to hook.' }]);
});

test('two processes send each delivery once', async () => {
  server.startSending();
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  const count = 60;
  for (let index = 0; index < count; index += 1) {
    await server.emit({ type: 'job.moved', subject: `${index}` });
  }
  await expectState(
    'hook',
    Array.from({ length: count }, () => 'delivered'),
  );
  expect(subjects()).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
});

test('what waits is bounded in number and age; what is stored too', async () => {
  await server.addWebhook('hook', receiver.url, { events: ['job.*'] });
  const { db } = database.handle;
  const insert = (state: string, count: number, age: string) =>
    sql`insert into notification_deliveries
        (id, target, type, subject, event, cursor, state, queued_at, finished_at)
      select left(md5(${state + age} || n), 16), id, 'job.moved', 'x',
        '{"at": "2026-01-01T00:00:00.000Z"}', ${state + age} || n, ${state},
        now() - ${age}::interval,
        case when ${state} <> 'queued' then now() - ${age}::interval end
      from notification_targets, generate_series(1, ${count}::int) as n`.execute(db);
  await sql`update notification_targets set retry_at = now() + interval '1 hour'`.execute(db);
  await insert('queued', 2, '4 days');
  await insert('queued', notificationLimits.queuedPerTarget + 3, '1 hour');
  await insert('delivered', 2, '8 days');
  await insert('dead', 2, '31 days');
  expect(await sweepDeliveries(db)).toBe(true);
  const { counts } = await server.show('hook');
  expect(counts.queued).toBe(notificationLimits.queuedPerTarget);
  const { rows } = await sql<{ reason: string; count: number }>`
    select reason, count(*)::int as count from notification_deliveries
    where state <> 'queued' group by reason`.execute(db);
  expect(rows).toEqual([{ reason: 'more than 10000 deliveries waited', count: 5 }]);
  expect(await sweepDeliveries(db)).toBe(false);
});
