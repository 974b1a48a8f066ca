/**
 * The slice of notifications over a test database and a real HTTP server, with its reader and its
 * sender as the role watcher runs them, and a receiver of webhooks.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  operations,
  type InspectionReport,
  type Notification,
  type NotificationTarget,
} from '@lazaret/protocol';
import type { Lookup } from '@lazaret/oci/registry';
import type { Kysely } from 'kysely';
import { pino } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { appendEvents, createOutbox, type NewEvent, type Outbox } from '../floor/events/index.ts';
import { notificationReader, notificationsSlice, startSending } from '../notifications/index.ts';
import { readScriptOutput } from '../scripts/index.ts';
import type { TestDatabase } from './database.ts';
import { startTestHttp, testPrincipal } from './http-server.ts';

export interface NotificationServer {
  readonly database: Kysely<Database>;
  /** Calls an operation as an administrator. */
  call(
    operation: keyof typeof operations.notifications,
    parts?: { readonly path?: string; readonly query?: string; readonly body?: unknown },
  ): Promise<{ readonly status: number; readonly body: never }>;
  /** Adds a webhook that may have a private address. */
  addWebhook(
    name: string,
    url: string,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<NotificationTarget>;
  show(name: string): Promise<NotificationTarget>;
  /** Of a target, in the order in which they are sent. */
  deliveries(target: string, query?: string): Promise<Notification[]>;
  /** Commits events and wakes the reader. */
  emit(...events: readonly (Partial<NewEvent> & Pick<NewEvent, 'type'>)[]): Promise<void>;
  /** Starts another process that sends, as after a restart. */
  startSending(): { stop(): Promise<void> };
  close(): Promise<void>;
}

export interface NotificationServerOptions {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly exports?: string;
  /** Stored reports by the digest of the image. */
  readonly reports?: ReadonlyMap<string, InspectionReport>;
  readonly lookup?: Lookup;
  readonly publicUrl?: string;
  /** Nothing is sent before `startSending` is called. */
  readonly idle?: boolean;
}

export async function startNotificationServer(
  { handle }: TestDatabase,
  options: NotificationServerOptions = {},
): Promise<NotificationServer> {
  const database = handle.db;
  const log = pino({ level: 'silent' });
  const stopped = new AbortController();
  const { signal } = stopped;
  const outbox = createOutbox({ database, log, signal });
  void outbox.run();
  const running: { wake(): void; stop(): Promise<void> }[] = [];
  const parts = {
    places: {
      directory: options.directory ?? '/nonexistent',
      exports: options.exports ?? '/nonexistent',
      variable: (name: string) => options.environment?.[name],
    },
    publicUrl: options.publicUrl ?? '',
    now: () => Date.now(),
    lookup: options.lookup,
    readScriptOutput: (project: string, run: string) =>
      readScriptOutput(database, { project, run }),
    readReport: async (_: string, digest: string) => options.reports?.get(digest),
    onEvents: () => outbox.wake(),
  };
  const start = () => {
    const sending = startSending({ ...parts, database, log, random: () => 0.5 });
    running.push(sending);
    return sending;
  };
  const wake = (): void => {
    for (const one of running) one.wake();
  };
  const slice = notificationsSlice({ ...parts, database, wake });
  outbox.runReaders([notificationReader(wake)]);
  if (options.idle !== true) start();
  const admin = testPrincipal('root', [{ role: 'administrator', project: null }]);
  const http = await startTestHttp(slice.routes ?? [], new Map([['admin', admin]]));
  // The reader starts with events after its first turn.
  await expectReader(database);
  return {
    database,
    ...callers(http.url),
    emit: (...events) => emit({ database, outbox }, events),
    startSending: start,
    close: async () => {
      stopped.abort();
      for (const one of running) await one.stop();
      await http.close();
    },
  };
}

const pollMs = 10;

async function expectReader(database: Kysely<Database>): Promise<void> {
  for (;;) {
    const rows = await database
      .selectFrom('event_readers')
      .select('name')
      .where('name', '=', 'notifications')
      .execute();
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function emit(
  { database, outbox }: { readonly database: Kysely<Database>; readonly outbox: Outbox },
  events: readonly (Partial<NewEvent> & Pick<NewEvent, 'type'>)[],
): Promise<void> {
  await appendEvents(
    database,
    events.map((event) => ({ subject: 'subject', actor: 'test', project: 'default', ...event })),
  );
  outbox.wake();
}

function callers(
  url: string,
): Pick<NotificationServer, 'call' | 'addWebhook' | 'show' | 'deliveries'> {
  const call: NotificationServer['call'] = async (name, { path = '', query = '', body } = {}) => {
    const row = operations.notifications[name];
    const response = await fetch(`${url}${row.path.replace(/:\w+/, path)}${query}`, {
      method: row.method,
      headers: { authorization: 'Bearer admin', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as never };
  };
  return {
    call,
    addWebhook: async (name, target, more = {}) => {
      const settings = { kind: 'webhook', url: target, events: ['*'], allowPrivate: true, ...more };
      const { status, body } = await call('add', { body: { name, ...settings } });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body;
    },
    show: async (name) => (await call('show', { path: name })).body,
    deliveries: async (target, query = '') => {
      const found = await call('deliveries', { query: `?limit=200&target=${target}${query}` });
      return (found.body as { items: Notification[] }).items.toReversed();
    },
  };
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly content: { readonly type: string; readonly subject: string };
}

/** What a receiver answers; 204 without a body unless given. */
export interface ReceiverAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Does not answer at all. */
  readonly silent?: boolean;
}

export interface Receiver {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** Replaces the answer, which may depend on the request. */
  answer: (request: ReceivedRequest) => ReceiverAnswer;
  close(): Promise<void>;
}

/** A receiver of webhooks on the loopback. */
export async function startReceiver(): Promise<Receiver> {
  const receiver: Pick<Receiver, 'requests' | 'answer'> = { requests: [], answer: () => ({}) };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { url: path = '', headers } = incoming;
      const content = JSON.parse(body) as ReceivedRequest['content'];
      const request = { path, headers, body, content };
      receiver.requests.push(request);
      const answer = receiver.answer(request);
      if (answer.silent === true) return;
      outgoing.writeHead(answer.status ?? 204, { ...answer.headers });
      outgoing.end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
