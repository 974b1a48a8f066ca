import { createClient, events as rows, type Event } from '@lazaret/protocol';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { httpLimits } from '../http/limits.ts';
import type { Principal } from '../principal.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import {
  startTestHttp,
  testPrincipal as principal,
  type TestHttpServer,
} from '../../testing/http-server.ts';
import { appendEvents } from './append.ts';
import { auditReader } from './audit.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { eventRoutes } from './routes.ts';

const log = pino({ level: 'silent' });
const principals = new Map<string, Principal>();
let database: TestDatabase;
let server: TestHttpServer;
let outbox: Outbox;
let stop: AbortController;
let base: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const { db } = database.handle;
  await db.insertInto('projects').values({ name: 'alpha' }).execute();
  await db.insertInto('projects').values({ name: 'beta' }).execute();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const { db } = database.handle;
  principals.clear();
  principals.set('admin', principal('admin', [{ role: 'administrator', project: null }]));
  principals.set('alpha', principal('alpha', [{ role: 'viewer', project: 'alpha' }]));
  stop = new AbortController();
  outbox = createOutbox({ database: db, log, signal: stop.signal });
  void outbox.run();
  outbox.runReaders([auditReader()]);
  const routes = eventRoutes({ outbox, database: db });
  server = await startTestHttp(routes, principals);
  base = server.url;
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

async function say(project: string | null, subject: string): Promise<void> {
  await appendEvents(database.handle.db, [
    { type: 'job.submitted', subject, actor: 'test', project },
  ]);
  outbox.wake();
}

async function listen(
  token: string,
  count: number,
  options: { query?: Record<string, unknown>; lastEventId?: string; ready?: () => unknown } = {},
): Promise<Event[]> {
  const client = createClient({ baseUrl: base, token });
  const leave = new AbortController();
  const got: Event[] = [];
  await expect.poll(() => outbox.subscribers).toBe(0);
  const { query = {}, lastEventId, ready } = options;
  const stream = client.stream(rows.stream, { query } as never, {
    signal: leave.signal,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  const reading = (async () => {
    for await (const one of stream) {
      expect(one.id).toBe((one.data as Event).cursor);
      got.push(one.data as Event);
      if (got.length === count) return;
    }
  })();
  if (ready !== undefined) {
    await expect.poll(() => outbox.subscribers).toBe(1);
    await ready();
  }
  await reading;
  leave.abort();
  return got;
}

test('a stream shows the projects of the caller, and events of the instance to auditors only', async () => {
  const speak = async (): Promise<void> => {
    await say('beta', 'b');
    await say(null, 'instance');
    await say('alpha', 'a');
  };
  const [narrow, wide] = [
    await listen('alpha', 1, { ready: speak }),
    await listen('admin', 3, { ready: speak }),
  ];
  expect(narrow.map((event) => event.subject)).toEqual(['a']);
  expect(wide.map((event) => event.subject)).toEqual(['b', 'instance', 'a']);
});

test('a project that is not visible does not exist for the caller, before the stream starts', async () => {
  for (const project of ['beta', 'never-made']) {
    const response = await fetch(`${base}/api/v1/events?project=${project}`, {
      headers: { authorization: 'Bearer alpha' },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  }
});

test('a stream resumes after Last-Event-ID or after=, without a gap', async () => {
  const [first] = await listen('admin', 1, { ready: () => say('alpha', 'one') });
  await say('alpha', 'two');
  await say('beta', 'three');
  const byHeader = await listen('admin', 2, { lastEventId: first?.cursor ?? '' });
  expect(byHeader.map((event) => event.subject)).toEqual(['two', 'three']);
  const byQuery = await listen('admin', 2, { query: { after: first?.cursor } });
  expect(byQuery).toEqual(byHeader);
});

test('a wrong resume id is a 400, not an open stream', async () => {
  const response = await fetch(`${base}/api/v1/events?after=nonsense`, {
    headers: { authorization: 'Bearer admin' },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid_request' });
});

test('a running stream is restricted when a grant is removed', async () => {
  const wide = [
    { role: 'viewer', project: 'alpha' },
    { role: 'viewer', project: 'beta' },
  ] as const;
  principals.set('alpha', principal('alpha', wide));
  const got = await listen('alpha', 2, {
    ready: async () => {
      await say('beta', 'still');
      await expect.poll(() => outbox.subscribers).toBe(1);
      const taken = new Promise((resolve) => setTimeout(resolve, 300));
      principals.set('alpha', principal('alpha', wide.slice(0, 1)));
      await taken;
      await say('beta', 'hidden');
      await say('alpha', 'seen');
    },
  });
  expect(got.map((event) => event.subject)).toEqual(['still', 'seen']);
});

test('a stream ends when its token is revoked', async () => {
  const client = createClient({ baseUrl: base, token: 'admin' });
  const ended = (async () => {
    for await (const _ of client.stream(rows.stream, { query: { subject: 'none' } } as never));
    return 'ended';
  })();
  await expect.poll(() => outbox.subscribers).toBe(1);
  principals.delete('admin');
  expect(await ended).toBe('ended');
  await expect.poll(() => outbox.subscribers).toBe(0);
});

test('streams of one caller are limited, and closing one allows another', async () => {
  // A caller without streams of other tests that are still being closed.
  principals.set('many', principal('many', [{ role: 'viewer', project: 'alpha' }]));
  const open: AbortController[] = [];
  // A response that is collected as garbage ends its stream.
  const kept: Response[] = [];
  const connect = async (): Promise<number> => {
    const leave = new AbortController();
    const response = await fetch(`${base}/api/v1/events`, {
      headers: { authorization: 'Bearer many' },
      signal: leave.signal,
    });
    kept.push(response);
    if (response.status === 200) open.push(leave);
    else expect(response.headers.get('retry-after')).not.toBeNull();
    return response.status;
  };
  const statuses = await Promise.all(
    Array.from({ length: httpLimits.streamsPerPrincipal }, connect),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await connect()).toBe(429);
  open.pop()?.abort();
  await expect.poll(connect).toBe(200);
  for (const leave of open) leave.abort();
  expect(kept.length).toBeGreaterThan(httpLimits.streamsPerPrincipal);
});

test('the audit log is listed, exported and verified; not for a viewer', async () => {
  await say('alpha', 'exported');
  const client = createClient({ baseUrl: base, token: 'admin' });
  await expect
    .poll(async () => (await client.call(rows.auditList, { query: { subject: 'exported' } })).items)
    .toHaveLength(1);
  const exported = await (await client.open(rows.auditExport)).text();
  const verdict = await client.call(rows.auditVerify);
  expect(verdict).toMatchObject({ intact: true, brokenAt: null });
  expect(exported.trimEnd().split('\n')).toHaveLength(verdict.entries);
  expect(exported).toContain(verdict.head);
  const viewer = createClient({ baseUrl: base, token: 'alpha' });
  await expect(viewer.call(rows.auditVerify)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(client.call(rows.auditList, { query: { cursor: 'x' } })).rejects.toMatchObject({
    code: 'invalid_request',
  });
});
