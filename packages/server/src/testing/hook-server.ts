/**
 * The hooks slice over a test database and a real HTTP server, with one registry. Events are
 * recorded in a list instead of by the slice of registries.
 */
import { operations, type Delivery, type HookKind, type HookWithSecret } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';
import { pino } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { hooksSlice } from '../hooks/index.ts';
import { processBatch, type RecordEvent } from '../hooks/process-deliveries.ts';
import type { RegistryEvent } from '../hooks/shapes/notification.ts';
import type { TestDatabase } from './database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from './http-server.ts';

export interface HookServer {
  readonly http: TestHttpServer;
  /** What was reported to registries, in order. */
  readonly recorded: { readonly registry: string; readonly event: RegistryEvent }[];
  /** `HOOK: OUTCOME` of each request. */
  readonly answers: string[];
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
  /** Process as soon as something comes, as the role watcher does. */
  readonly watch?: boolean;
  /** What a hook accepts at once; nothing is added to it while the clock stands still. */
  readonly burst?: number;
}

/** Address of the registry. */
export const hookRegistry = 'registry.example.test';

export async function startHookServer(
  { handle }: TestDatabase,
  options: HookServerOptions = {},
): Promise<HookServer> {
  const database = handle.db;
  const log = pino({ level: 'silent' });
  const stopped = new AbortController();
  const { signal } = stopped;
  const time = { aheadMs: 0 };
  const recording = createRecording();
  const { record } = recording;
  const onEvents = (): void => undefined;
  const process = async (): Promise<void> => {
    while (await processBatch({ database, log, record, onEvents }, signal));
  };
  const answers: string[] = [];
  let working = Promise.resolve();
  let url = '';
  const slice = hooksSlice({
    ...{ database, log, signal, onEvents },
    wake: () => undefined,
    notify: () => {
      if (options.watch === true) working = working.then(process);
    },
    changed: () => Promise.resolve(),
    clock: {
      now: () => Date.now() + time.aheadMs,
      // It stands still, so that no rate depends on the speed of the machine.
      monotonicMs: () => time.aheadMs,
    },
    secrets: {
      directory: options.secretDirectory ?? '/nonexistent',
      variable: (name) => options.environment?.[name],
    },
    publicUrl: () => 'https://lazaret.example.test/sub',
    localUrl: () => url,
    fetch,
    onAnswer: ({ hook, outcome }) => answers.push(`${hook}: ${outcome}`),
    ...(options.burst !== undefined && { rate: { capacity: options.burst, perSecond: 1 } }),
  });
  const admin = testPrincipal('root', [{ role: 'administrator', project: null }]);
  const http = await startTestHttp(slice.routes ?? [], new Map([['admin', admin]]));
  ({ url } = http);
  await insertRegistry(database);
  return {
    ...{ http, process, answers, recorded: recording.recorded },
    ...callers(url),
    failNext: (count) => (recording.failures = count),
    advance: (ms) => (time.aheadMs += ms),
    close: async () => {
      stopped.abort();
      await working;
      await http.close();
      await slice.stop?.();
    },
  };
}

interface Recording {
  failures: number;
  readonly recorded: HookServer['recorded'];
  readonly record: RecordEvent;
}

function createRecording(): Recording {
  const recording: Recording = {
    failures: 0,
    recorded: [],
    record: async (registry, event) => {
      if (recording.failures > 0) {
        recording.failures -= 1;
        throw new Error('the disk of the registry is full');
      }
      recording.recorded.push({ registry, event });
      return { outcome: 'recorded', detail: 'recorded', arrival: null };
    },
  };
  return recording;
}

async function insertRegistry(database: Kysely<Database>): Promise<void> {
  await sql`insert into registries (id, project, name, address, source, enabled, settings, created_by)
    values ('0000000000000001', 'default', 'lab', ${hookRegistry}, 'api', true, '{}', 'root')
    on conflict do nothing`.execute(database);
}

let addedHooks = 0;

function callers(url: string): Pick<HookServer, 'call' | 'addHook' | 'deliver'> {
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
    call,
    addHook: async (kind, more = {}) => {
      const name = `${kind}-${(addedHooks += 1)}`;
      const request = { name, registry: 'lab', kind, ...more };
      const { status, body } = await call('add', { body: request });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body;
    },
    deliver: (hook, content, headers = {}) => {
      const { authentication, header, generatedSecret } = hook;
      const own = authentication === 'header' ? { [header ?? '']: generatedSecret } : {};
      const target = new URL(hook.secretUrl ?? hook.url).pathname.replace('/sub', '');
      return fetch(`${url}${target}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...(own as Record<string, string>), ...headers },
        body: typeof content === 'string' ? content : JSON.stringify(content),
      });
    },
  };
}

/** A push as CNCF Distribution reports it. */
export function pushOf(id: string, target: Readonly<Record<string, unknown>> = {}): object {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const full = { repository: 'team/app', tag: 'v1', digest: digestOf('a'), mediaType, ...target };
  return { events: [{ id, action: 'push', target: full }] };
}

/** A digest of one repeated letter. */
export function digestOf(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

/** Stored deliveries, the newest first. */
export async function listDeliveries(server: HookServer, query = ''): Promise<Delivery[]> {
  const { body } = await server.call('deliveries', { query });
  return (body as { items: Delivery[] }).items;
}
