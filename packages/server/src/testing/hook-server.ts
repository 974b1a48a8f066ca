/**
 * The hooks slice over a test database and a real HTTP server, with one registry. Events are
 * recorded in a list instead of by the slice of registries.
 */
import { operations, type Delivery, type HookKind, type HookWithSecret } from '@lazaret/protocol';
import { sql } from 'kysely';
import { pino } from 'pino';

import { hooksSlice } from '../hooks/index.ts';
import { processDeliveries, type EventOutcome } from '../hooks/process-deliveries.ts';
import type { RegistryEvent } from '../hooks/shapes/notification.ts';
import type { TestDatabase } from './database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from './http-server.ts';

export interface HookServer {
  readonly http: TestHttpServer;
  /** What was reported to registries, in order. */
  readonly recorded: { readonly registry: string; readonly event: RegistryEvent }[];
  /** Makes the next reports fail. */
  failNext(count: number): void;
  /** Milliseconds that are added to the clock. */
  advance(ms: number): void;
  /** Calls an operation as an administrator. */
  call(
    operation: keyof typeof operations.hooks,
    parts?: {
      readonly path?: string;
      readonly query?: string;
      readonly body?: unknown;
    },
  ): Promise<{ readonly status: number; readonly body: never }>;
  addHook(kind: HookKind, more?: Readonly<Record<string, unknown>>): Promise<HookWithSecret>;
  /** Sends a notification and answers the status. */
  deliver(
    hook: HookWithSecret,
    content: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** Processes what is queued, until nothing is due. */
  process(): Promise<void>;
  close(): Promise<void>;
}

export interface HookServerOptions {
  readonly secretDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Process as soon as something comes, as the role watcher does. */
  readonly watch?: boolean;
}

/** Address of the registry. */
export const hookRegistry = 'registry.example.test';

export async function startHookServer(
  { handle }: TestDatabase,
  options: HookServerOptions = {},
): Promise<HookServer> {
  const database = handle.db;
  const stopped = new AbortController();
  const log = pino({ level: 'silent' });
  const recorded: HookServer['recorded'] = [];
  let failures = 0;
  let aheadMs = 0;
  let url = '';
  const record = async (registry: string, event: RegistryEvent): Promise<EventOutcome> => {
    if (failures > 0) {
      failures -= 1;
      throw new Error('the disk of the registry is full');
    }
    recorded.push({ registry, event });
    return { outcome: 'recorded', detail: 'recorded', arrival: null };
  };
  const processing = { database, log, record, onEvents: () => undefined };
  const process = (): Promise<void> => processDeliveries(processing, stopped.signal);
  let working = Promise.resolve();
  const slice = hooksSlice({
    ...{ database, log, signal: stopped.signal, onEvents: () => undefined },
    wake: () => {
      if (options.watch === true) working = working.then(process);
    },
    changed: () => Promise.resolve(),
    clock: { now: () => Date.now() + aheadMs, monotonicMs: () => performance.now() + aheadMs },
    secrets: {
      directory: options.secretDirectory ?? '/nonexistent',
      variable: (name) => options.environment?.[name],
    },
    publicUrl: () => 'https://lazaret.example.test/sub',
    localUrl: () => url,
    fetch: options.fetch ?? fetch,
  });
  const admin = testPrincipal('root', [{ role: 'administrator', project: null }]);
  const http = await startTestHttp(slice.routes ?? [], new Map([['admin', admin]]));
  url = http.url;
  await sql`insert into registries (id, project, name, address, source, enabled, settings, created_by)
    values ('0000000000000001', 'default', 'lab', ${hookRegistry}, 'api', true, '{}', 'root')
    on conflict do nothing`.execute(database);
  const call: HookServer['call'] = async (operation, { path = '', query = '', body } = {}) => {
    const row = operations.hooks[operation];
    const target = row.path.replace(/:\w+/, path);
    const response = await fetch(`${url}${target}${query}`, {
      method: row.method,
      headers: { authorization: 'Bearer admin', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as never };
  };
  return {
    ...{ http, recorded, call, process },
    failNext: (count) => (failures = count),
    advance: (ms) => (aheadMs += ms),
    addHook: async (kind, more = {}) => {
      const name = `${kind}-${(addedHooks += 1)}`;
      const { status, body } = await call('add', {
        body: { name, registry: 'lab', kind, ...more },
      });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body;
    },
    deliver: (hook, content, headers = {}) => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      const own =
        hook.authentication === 'header' ? { [hook.header ?? '']: hook.generatedSecret } : {};
      const target = new URL(hook.secretUrl ?? hook.url).pathname.replace('/sub', '');
      return fetch(`${url}${target}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...(own as Record<string, string>), ...headers },
        body: text,
      });
    },
    close: async () => {
      stopped.abort();
      await working;
      await http.close();
      await slice.stop?.();
    },
  };
}

let addedHooks = 0;

/** A push as CNCF Distribution reports it. */
export function pushOf(id: string, target: Readonly<Record<string, unknown>> = {}): object {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const full = { repository: 'team/app', tag: 'v1', digest: digestOf('a'), mediaType, ...target };
  return { events: [{ id, action: 'push', target: full }] };
}

/** A digest that is easy to tell from others. */
export function digestOf(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

/** Stored deliveries, the newest first. */
export async function listDeliveries(server: HookServer, query = ''): Promise<Delivery[]> {
  const { body } = await server.call('deliveries', { query });
  return (body as { items: Delivery[] }).items;
}
