// Not in the quick check: the end of streams is waited for.
/** Streams of events, whatever the operation: permissions of callers, methods, parameters. */
import { createClient, operationList, operations } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  startTestHttp,
  testPrincipal as principal,
  type TestHttpServer,
} from '../../testing/http-server.ts';
import { projectsWith, type Principal } from '../principal.ts';
import { route, type CallContext, type OutgoingEvent } from './route.ts';

const streams = operationList.filter(({ outputKind }) => outputKind === 'events');
const principals = new Map<string, Principal>();
let server: TestHttpServer;

/** Sends the visible projects of the caller at first and after each change, until it is stopped. */
async function* sendProjects(context: CallContext): AsyncGenerator<OutgoingEvent> {
  let sent = '';
  while (!context.signal.aborted) {
    const text = JSON.stringify(projectsWith(context.principal, 'jobs.read'));
    if (text !== sent) yield { event: 'job', data: text };
    sent = text;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeEach(async () => {
  principals.clear();
  principals.set('admin', principal('admin', [{ role: 'administrator', project: null }]));
  const routes = streams.map((one) => route(one, (_, context) => sendProjects(context)));
  server = await startTestHttp(routes, principals);
});
afterEach(() => server.close());

async function open(name: string): Promise<AsyncGenerator<{ readonly data: unknown }>> {
  const operation = streams.find((one) => one.name === name) ?? operations.events.stream;
  const call = name === 'inspections.follow' ? { query: { id: ['0'.repeat(16)] } } : {};
  const params = operation.params === undefined ? {} : { params: { id: '0'.repeat(16) } };
  const client = createClient({ baseUrl: server.url, token: 'admin' });
  return client.stream(operation, { ...params, ...call } as never);
}

test('the operations with streams are the known ones', () => {
  expect(streams.map(({ name }) => name).toSorted()).toEqual([
    ...['events.stream', 'inspections.follow', 'jobs.follow'],
  ]);
});

test.each(streams.map(({ name }) => name))(
  '%s ends when the token is revoked or the user is disabled',
  async (name) => {
    const stream = await open(name);
    expect((await stream.next()).done).toBe(false);
    principals.delete('admin');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  },
);

test.each(streams.map(({ name }) => name))(
  '%s ends when the permission is removed, and shows fewer projects when grants are',
  async (name) => {
    const stream = await open(name);
    expect((await stream.next()).value).toMatchObject({ data: '"all"' });
    principals.set('admin', principal('admin', [{ role: 'viewer', project: 'alpha' }]));
    expect((await stream.next()).value).toMatchObject({ data: '["alpha"]' });
    principals.set('admin', principal('admin', []));
    expect((await stream.next()).done).toBe(true);
  },
);

test('HEAD of a stream is refused instead of answered by the path with an ID', async () => {
  for (const path of ['/api/v1/inspections/follow', '/api/v1/events']) {
    const response = await fetch(`${server.url}${path}`, {
      method: 'HEAD',
      headers: { authorization: 'Bearer admin' },
    });
    expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, 'GET']);
  }
});

test.each(['', '?id=', '?id=,'])('inspections.follow without an ID says so: %j', async (query) => {
  const response = await fetch(`${server.url}/api/v1/inspections/follow${query}`, {
    headers: { authorization: 'Bearer admin' },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ detail: 'query.id: expected at least one ID' });
});
