/** Receiving of notifications over a real database and a real HTTP server. */
import type { Hook } from '@lazaret/protocol';
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

async function show(name: string): Promise<Hook> {
  return (await server.call('show', { path: name })).body;
}

test('a notification is answered 202 before anything is done, and processed once', async () => {
  const hook = await server.addHook('distribution');
  const response = await server.deliver(hook, pushOf('one'));
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ delivery: expect.stringMatching(/^[0-9a-z]{16}$/) });
  expect(server.recorded).toEqual([]);
  expect(await listDeliveries(server)).toMatchObject([
    { state: 'queued', events: [], replayable: false },
  ]);
  await server.process();
  await server.process();
  expect(server.recorded).toMatchObject([
    { registry: '0000000000000001', event: { repository: 'team/app', tag: 'v1', eventId: 'one' } },
  ]);
  expect(await listDeliveries(server)).toMatchObject([
    { state: 'processed', events: [{ outcome: 'recorded', digest: digestOf('a') }], attempts: 1 },
  ]);
});

test('a request with a wrong secret or to an unknown path is refused alike and not kept', async () => {
  const hook = await server.addHook('distribution');
  const wrong = await server.deliver(hook, pushOf('one'), { Authorization: 'Bearer wrong' });
  const unknown = await server.deliver(
    { ...hook, url: `${hook.url.slice(0, -1)}x` },
    pushOf('one'),
  );
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  const [one, other] = (await Promise.all([wrong.json(), unknown.json()])) as { detail: string }[];
  expect(one?.detail).toBe(other?.detail);
  expect(await listDeliveries(server)).toEqual([]);
  await expect.poll(async () => (await show(hook.name)).counts.refused).toBe(1);
  expect((await show(hook.name)).lastRefusal).toMatchObject({
    reason: 'the value of the header Authorization is wrong',
    address: '127.0.0.1',
  });
});

test('an address that keeps failing at a hook is refused unchecked there, and only there', async () => {
  const hook = await server.addHook('distribution');
  const other = await server.addHook('distribution');
  const wrong = { Authorization: 'Bearer wrong' };
  for (let count = 0; count < hookLimits.refusalsFree; count += 1) {
    await server.deliver(hook, 'x', wrong);
  }
  const throttled = await server.deliver(hook, pushOf('one'));
  expect(throttled.status).toBe(429);
  expect(throttled.headers.get('retry-after')).toBe('1');
  expect((await server.deliver(other, pushOf('one'))).status).toBe(202);
  server.advance(5_000);
  expect((await server.deliver(hook, pushOf('one'))).status).toBe(202);
});

test('a body beyond the limit is refused, announced or not', async () => {
  const hook = await server.addHook('zot');
  const response = await server.deliver(hook, 'x'.repeat(hookLimits.bodyBytes + 1));
  expect(response.status).toBe(413);
  const stream = new ReadableStream({
    start(controller) {
      for (let sent = 0; sent <= hookLimits.bodyBytes; sent += 1_048_576) {
        controller.enqueue(new Uint8Array(1_048_576));
      }
      controller.close();
    },
  });
  const { pathname } = new URL(hook.url);
  const chunked = await fetch(`${server.http.url}${pathname.replace('/sub', '')}`, {
    method: 'POST',
    headers: { authorization: hook.generatedSecret ?? '' },
    body: stream,
    ...({ duplex: 'half' } as object),
  });
  expect(chunked.status).toBe(413);
  expect(await listDeliveries(server)).toEqual([]);
});

test('/check_image belongs to one hook of kind distribution and needs its secret', async () => {
  const post = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${server.http.url}/check_image`, {
      method: 'POST',
      headers,
      body: JSON.stringify(pushOf('one')),
    });
  expect((await post({ authorization: 'Bearer' })).status).toBe(401);
  const hook = await server.addHook('distribution', { checkImage: true });
  expect((await post({ authorization: 'Bearer' })).status).toBe(401);
  expect((await post({ authorization: hook.generatedSecret ?? '' })).status).toBe(202);
  const again = { name: 'second', registry: 'lab', kind: 'distribution', checkImage: true };
  expect((await server.call('add', { body: again })).status).toBe(409);
  const other = { ...again, kind: 'zot' };
  expect((await server.call('add', { body: other })).status).toBe(400);
});

test('a full queue is answered 429 with a time, so that the sender keeps the event', async () => {
  const hook = await server.addHook('distribution');
  await sql`insert into hook_deliveries
      (id, hook, test, headers, content, content_bytes, content_hash)
    select 'q' || lpad(n::text, 15, '0'), (select id from hooks), false, '{}', '', 0, ''
    from generate_series(1, ${hookLimits.queuedPerHook}) n`.execute(database.handle.db);
  const response = await server.deliver(hook, pushOf('one'));
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('10');
});

test('a hook that gets more than its rate answers 429, and others do not', async () => {
  const slow = await startHookServer(database, { burst: 3 });
  try {
    const hook = await slow.addHook('distribution');
    const other = await slow.addHook('distribution');
    const statuses: number[] = [];
    for (const id of ['1', '2', '3', '4']) {
      statuses.push((await slow.deliver(hook, pushOf(id))).status);
    }
    expect(statuses).toEqual([202, 202, 202, 429]);
    expect((await slow.deliver(other, pushOf('5'))).status).toBe(202);
    slow.advance(1_000);
    expect((await slow.deliver(hook, pushOf('4'))).status).toBe(202);
  } finally {
    await slow.close();
  }
});

test('no form of the address is answered with a redirect, which senders would follow', async () => {
  const hook = await server.addHook('quay');
  const path = new URL(hook.secretUrl ?? '').pathname.replace('/sub', '');
  const [, , part = ''] = path.split('/');
  const forms = [
    ...[`${path}/`, `${path}//`, `//hooks/${part}`, `/hooks/${part}/`, '/hooks', '/hooks/'],
    ...[`/hooks/${part}/..`, `/hooks/${part}/%2e%2e/x`, `/HOOKS/${part}`, `${path}?a=b`],
  ];
  for (const form of forms) {
    const { status, headers } = await fetch(`${server.http.url}${form}`, {
      ...{ method: 'POST', redirect: 'manual', body: '{}' },
    });
    expect([form, headers.get('location')]).toEqual([form, null]);
    expect([form, status < 300 || status >= 400]).toEqual([form, true]);
  }
  expect(await listDeliveries(server)).toEqual([]);
});
