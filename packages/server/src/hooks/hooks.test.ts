/** Hooks over a real database and a real HTTP server. */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  hookKindNames,
  type Delivery,
  type DeliveryDetail,
  type Hook,
  type HookTest,
  type HookWithSecret,
} from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startHookServer, type HookServer } from '../testing/hook-server.ts';
import { hookLimits } from './limits.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';

let database: TestDatabase;
let directory: string;
let server: HookServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-hooks-'));
  server = await startHookServer(database, {
    secretDirectory: directory,
    environment: { HOOK_KEY: 'a key', PATH: '/bin' },
    watch: false,
  });
});

afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  server.recorded.length = 0;
  await sql`delete from hooks`.execute(database.handle.db);
});

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** A push as CNCF Distribution reports it. */
function push(id: string, target: Record<string, unknown> = {}): object {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const full = { repository: 'team/app', tag: 'v1', digest: digest('a'), mediaType, ...target };
  return { events: [{ id, action: 'push', target: full }] };
}

async function list(query = ''): Promise<Delivery[]> {
  const { body } = await server.call('deliveries', { query });
  return (body as { items: Delivery[] }).items;
}

async function show(name: string): Promise<Hook> {
  return (await server.call('show', { path: name })).body;
}

test('a notification is answered 202 before anything is done, and processed once', async () => {
  const hook = await server.addHook('distribution');
  const response = await server.deliver(hook, push('one'));
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ delivery: expect.stringMatching(/^[0-9a-z]{16}$/) });
  expect(server.recorded).toEqual([]);
  expect(await list()).toMatchObject([{ state: 'queued', events: [], replayable: false }]);
  await server.process();
  await server.process();
  expect(server.recorded).toMatchObject([
    { registry: '0000000000000001', event: { repository: 'team/app', tag: 'v1', eventId: 'one' } },
  ]);
  expect(await list()).toMatchObject([
    { state: 'processed', events: [{ outcome: 'recorded', digest: digest('a') }], attempts: 1 },
  ]);
});

test('a generated secret is shown once and stored as a hash, or as a key if it signs', async () => {
  const hook = await server.addHook('distribution');
  expect(hook.generatedSecret).toMatch(/^Bearer hook_[\w-]{43}$/);
  expect(hook.url).toMatch(/^https:\/\/lazaret\.example\.test\/sub\/hooks\/[0-9a-f]{32}$/);
  expect(JSON.stringify(await show(hook.name))).not.toContain(hook.generatedSecret);
  const signing = await server.addHook('gitea');
  const { rows } = await sql<{ text: string }>`
    select to_jsonb(hooks)::text as text from hooks order by kind`.execute(database.handle.db);
  expect(rows[0]?.text).not.toContain(hook.generatedSecret ?? '');
  expect(rows[1]?.text).toContain(signing.generatedSecret ?? '');
});

test('a request with a wrong secret or to an unknown path is refused alike and not kept', async () => {
  const hook = await server.addHook('distribution');
  const wrong = await server.deliver(hook, push('one'), { Authorization: 'Bearer wrong' });
  const unknown = await server.deliver({ ...hook, url: `${hook.url.slice(0, -1)}x` }, push('one'));
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  const [one, other] = (await Promise.all([wrong.json(), unknown.json()])) as { detail: string }[];
  expect(one?.detail).toBe(other?.detail);
  expect(await list()).toEqual([]);
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
  const throttled = await server.deliver(hook, push('one'));
  expect(throttled.status).toBe(429);
  expect(throttled.headers.get('retry-after')).toBe('1');
  expect((await server.deliver(other, push('one'))).status).toBe(202);
  server.advance(5_000);
  expect((await server.deliver(hook, push('one'))).status).toBe(202);
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
  expect(await list()).toEqual([]);
});

test('the same event 14 times, reordered, is recorded with the same id each time', async () => {
  const hook = await server.addHook('distribution');
  const ids = ['a', 'b'].flatMap((id) => Array.from({ length: 14 }, () => id)).toSorted();
  const shuffled = ids
    .map((id, at) => [id, (at * 7) % 28] as const)
    .toSorted((x, y) => x[1] - y[1]);
  for (const [id] of shuffled) expect((await server.deliver(hook, push(id))).status).toBe(202);
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
    digest('a'),
    null,
    digest('b'),
    null,
  ]);
});

test('what the shape does not know becomes a dead letter, answered 202, that can be replayed', async () => {
  const hook = await server.addHook('distribution');
  expect((await server.deliver(hook, '{"hello":1}')).status).toBe(202);
  await server.process();
  const [dead] = await list('?state=dead');
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
  const content = Buffer.from(JSON.stringify(push('later')));
  await sql`update hook_deliveries set content = ${content}`.execute(database.handle.db);
  expect((await server.call('replay', { path: id })).status).toBe(202);
  await server.process();
  expect(server.recorded).toHaveLength(1);
  expect((await server.call('replay', { path: id })).status).toBe(409);
});

test('known events of an envelope are recorded although others in it are unknown', async () => {
  const hook = await server.addHook('distribution');
  const { events } = push('one') as { events: object[] };
  await server.deliver(hook, { events: [...events, { action: 'explode' }, { action: 'pull' }] });
  await server.process();
  expect(server.recorded).toHaveLength(1);
  expect(await list()).toMatchObject([
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
  await server.deliver(hook, push('bad'));
  await server.deliver(hook, push('good', { tag: 'v2' }));
  server.failNext(2);
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId)).toEqual(['good']);
  const failed = (await list('?state=queued'))[0];
  expect(failed).toMatchObject({ attempts: 1, reason: 'the disk of the registry is full' });
  const dueNow = sql`update hook_deliveries set retry_at = now() where state = 'queued'`;
  for (let attempt = 1; attempt < hookLimits.attempts; attempt += 1) {
    server.failNext(2);
    await dueNow.execute(database.handle.db);
    await server.process();
  }
  expect(await list('?state=dead')).toMatchObject([
    { reason: 'failed 8 times: the disk of the registry is full', replayable: true },
  ]);
  server.failNext(0);
  await server.call('replay', { path: failed?.id ?? '' });
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId)).toEqual(['good', 'bad']);
});

test('what actors do that the hook ignores is not recorded', async () => {
  const hook = await server.addHook('distribution', { ignoreActors: ['lazaret'] });
  const { events } = push('one') as { events: object[] };
  const own = events.map((event) => ({ ...event, actor: { name: 'lazaret' } }));
  await server.deliver(hook, { events: own });
  await server.process();
  expect(server.recorded).toEqual([]);
  expect(await list()).toMatchObject([{ state: 'processed', events: [{ outcome: 'ignored' }] }]);
});

test('a burst of 500 is stored and processed completely, in order', async () => {
  const hook = await server.addHook('distribution');
  const ids = Array.from({ length: 500 }, (_, at) => `event-${at}`);
  const answers = await Promise.all(
    ids.map((id) => server.deliver(hook, push(id)).then(({ status }) => status)),
  );
  expect(answers).toEqual(Array(500).fill(202));
  await server.process();
  expect(server.recorded.map(({ event }) => event.eventId).toSorted()).toEqual(ids.toSorted());
  expect((await show(hook.name)).counts).toMatchObject({ queued: 0, processed: 500, dead: 0 });
}, 60_000);

test('two processes at once record each delivery once', async () => {
  const hook = await server.addHook('distribution');
  for (let at = 0; at < 60; at += 1) await server.deliver(hook, push(`event-${at}`));
  await Promise.all([server.process(), server.process(), server.process()]);
  await server.process();
  expect(server.recorded).toHaveLength(60);
});

test('a rotated secret is effective at once', async () => {
  const hook = await server.addHook('harbor');
  const { body } = await server.call('update', {
    path: hook.name,
    body: { rotateSecret: true },
  });
  const renewed = body as HookWithSecret;
  expect(renewed.generatedSecret).not.toBe(hook.generatedSecret);
  expect((await server.deliver(hook, '{}')).status).toBe(401);
  expect((await server.deliver({ ...hook, ...renewed }, '{}')).status).toBe(202);
});

test('a secret file is read at each request and only from its directory', async () => {
  const file = join(directory, 'gitlab');
  await writeFile(file, 'first\n');
  const hook = await server.addHook('gitlab', { secret: 'file:gitlab' });
  expect(hook).toMatchObject({ generatedSecret: null, secret: 'file:gitlab' });
  const send = async (value: string): Promise<number> =>
    (await server.deliver({ ...hook, generatedSecret: value }, push('one'))).status;
  expect([await send('first'), await send('second')]).toEqual([202, 401]);
  await writeFile(file, 'second');
  expect([await send('first'), await send('second')]).toEqual([401, 202]);
  await rm(file);
  const missing = await server.deliver({ ...hook, generatedSecret: 'second' }, push('one'));
  expect(missing.status).toBe(503);
  // Where the file is concerns the operator, not the sender.
  expect(await missing.text()).not.toContain(directory);
  await symlink('/etc/hostname', file);
  expect(await send('anything')).toBe(503);
  const outside = await server.addHook('gitlab', { secret: 'file:/etc/hostname' });
  expect((await server.deliver({ ...outside, generatedSecret: 'x' }, '{}')).status).toBe(503);
});

test('a secret in the environment must have the prefix of hooks', async () => {
  const { status, body } = await server.call('add', {
    body: { name: 'x', registry: 'lab', kind: 'gitea', secret: 'env:PATH' },
  });
  expect(status).toBe(400);
  expect((body as { detail: string }).detail).toContain('begins with HOOK_');
  const hook = await server.addHook('gitea', { secret: 'env:HOOK_KEY' });
  const content = JSON.stringify({ package: { type: 'npm' } });
  const signature = createHmac('sha256', 'a key').update(content).digest('hex');
  const answer = await server.deliver(hook, content, { 'x-gitea-signature': signature });
  expect(answer.status).toBe(202);
});

test.each(hookKindNames)('a test delivery of %s goes through the real route', async (kind) => {
  const watching = await startHookServer(database, { watch: true });
  await sql`update registries set address = '111122223333.dkr.ecr.eu-west-1.example.test'
    where ${kind} = 'amazon-ecr'`.execute(database.handle.db);
  try {
    const more = kind === 'google-artifact-registry' ? { serviceAccount: 'push@example.test' } : {};
    const hook = await watching.addHook(kind, more);
    const { body } = await watching.call('test', { path: hook.name });
    const result = body as HookTest;
    expect(result).toMatchObject({ ok: true, status: 202 });
    expect(result.steps.map(({ name }) => name)).toEqual([
      ...['secret', 'authentication', 'processing', 'event'],
    ]);
    expect(watching.recorded).toEqual([]);
    expect(await list('?test=true')).toMatchObject([
      { state: 'processed', events: [{ outcome: 'test', repository: 'lazaret/hook-test' }] },
    ]);
  } finally {
    await watching.close();
  }
});

test('a test delivery says what is wrong', async () => {
  await writeFile(join(directory, 'key'), 'right');
  const hook = await server.addHook('gitea', { secret: 'file:key' });
  await rm(join(directory, 'key'));
  const { status, body } = await server.call('test', { path: hook.name });
  expect(status).toBe(503);
  expect((body as { detail: string }).detail).toContain('cannot be read (ENOENT)');
});

test('/check_image belongs to one hook of kind distribution and needs its secret', async () => {
  const post = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${server.http.url}/check_image`, {
      method: 'POST',
      headers,
      body: JSON.stringify(push('one')),
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

test.each([
  [{ kind: 'quay', authentication: 'header' }, 'expected path for quay, received header'],
  [{ kind: 'jfrog', authentication: 'path' }, 'expected hmac or header for jfrog, received path'],
  [{ kind: 'harbor', header: 'X-Secret' }, 'the header of harbor cannot be chosen'],
  [{ kind: 'google-artifact-registry' }, 'expected the service account'],
  [{ kind: 'zot', audience: 'x' }, 'zot does not authenticate with signed tokens'],
  [{ kind: 'zot', registry: 'none' }, 'there is no registry none'],
])('a hook with %j is refused with what was expected', async (request, detail) => {
  const { status, body } = await server.call('add', {
    body: { name: 'x', registry: 'lab', ...request },
  });
  expect(status).toBeGreaterThanOrEqual(400);
  expect((body as { detail: string }).detail).toContain(detail);
});

test('old and surplus deliveries are removed, and queued ones never', async () => {
  const hook = await server.addHook('distribution');
  await server.deliver(hook, push('old'));
  await server.deliver(hook, '{"dead":1}');
  await server.process();
  await server.deliver(hook, push('waiting'));
  const { db } = database.handle;
  await sql`update hook_deliveries set received_at = now() - interval '8 days'`.execute(db);
  await sweepDeliveries(db);
  expect((await list()).map(({ state }) => state)).toEqual(['queued', 'dead']);
  await sql`update hook_deliveries set received_at = now() - interval '31 days'`.execute(db);
  await sweepDeliveries(db);
  expect((await list()).map(({ state }) => state)).toEqual(['queued']);
});

test('the bytes of dead letters are bounded: the oldest lose their content, and say so', async () => {
  const hook = await server.addHook('distribution');
  await server.deliver(hook, '{"dead":1}');
  await server.deliver(hook, '{"dead":2}');
  await server.process();
  const { db } = database.handle;
  await sql`update hook_deliveries set content_bytes = ${hookLimits.deadBytesPerHook}`.execute(db);
  await sweepDeliveries(db);
  const [newer, older] = await list();
  expect([newer?.replayable, older?.replayable]).toEqual([true, false]);
  const { status, body } = await server.call('replay', { path: older?.id ?? '' });
  expect(status).toBe(409);
  expect((body as { detail: string }).detail).toContain('no longer stored');
});

test('a full queue is answered 429 with a time, so that the sender keeps the event', async () => {
  const hook = await server.addHook('distribution');
  await sql`insert into hook_deliveries
      (id, hook, test, headers, content, content_bytes, content_hash)
    select 'q' || lpad(n::text, 15, '0'), (select id from hooks), false, '{}', '', 0, ''
    from generate_series(1, ${hookLimits.queuedPerHook}) n`.execute(database.handle.db);
  const response = await server.deliver(hook, push('one'));
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('10');
});
