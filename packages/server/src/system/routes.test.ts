import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient, system as rows } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { blobsSlice, openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import { enginesSlice } from '../engines/index.ts';
import { route } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { createLog } from '../floor/log.ts';
import { nodesSlice } from '../nodes/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { systemLimits } from './limits.ts';
import { createLoopWatch, type WatchedLoop } from './loop-watch.ts';
import { systemRoutes } from './routes.ts';

let database: TestDatabase;
let directory: string;
let blobs: BlobStore;
let server: TestHttpServer;
let ended: AbortController;
/** The clock of loops and of shared answers; tests move it. */
let nowMs: number;
const loops: { name: string; lastBeatMs: number; lastError: unknown }[] = [];
const roles: string[] = [];

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-system-'));
  blobs = await openFileBlobStore({ directory: join(directory, 'blobs'), key: undefined });
  nowMs = 1_000_000;
  loops.splice(0, loops.length, { name: 'scheduler', lastBeatMs: nowMs, lastError: undefined });
  roles.splice(0, roles.length, 'api', 'scheduler', 'worker');
  const watch = createLoopWatch(() => nowMs);
  watch.watch((): readonly WatchedLoop[] => loops);
  await node('online', null);
  ended = new AbortController();
  const context = { database: database.handle.db, onEvents: () => undefined };
  const slices = [
    blobsSlice({
      put: (...given) => blobs.put(...given),
      delete: (sha256) => blobs.delete(sha256),
    }),
    nodesSlice({ ...context, wake: () => undefined }),
    enginesSlice({
      ...{ ...context, directory, signal: ended.signal, log: createLog({ level: 'silent' }) },
      clock: { now: Date.now, monotonicMs: () => nowMs },
      ...{ allowedNetworks: [], allowedRuntimes: [] },
      findUnfinishedJob: async () => undefined,
      resolveImage: () => Promise.reject(new Error('no image is resolved here')),
    }),
  ];
  const routes = systemRoutes({
    loops: watch,
    database: database.handle,
    slices: () => slices,
    roles,
    version: '1.2.3',
    startedAt: new Date(0),
    configuration: () => [
      { key: 'databaseUrl', value: '********', source: 'environment', summary: 's' },
    ],
    nowMs: () => nowMs,
  });
  const metrics = route(rows.metrics, async () => 'lazaret_build_info 1\n');
  server = await startTestHttp([...routes, metrics]);
  server.principals.set('op', testPrincipal('op', [{ role: 'operator', project: null }]));
  server.principals.set(
    'viewer',
    testPrincipal('viewer', [{ role: 'viewer', project: 'default' }]),
  );
});
afterEach(async () => {
  ended.abort();
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function node(state: string, problem: string | null): Promise<void> {
  await database.handle.pool.query(
    `insert into nodes (name, kind, endpoint, state, problem)
     values ('local', 'docker', 'unix:///var/run/docker.sock', $1, $2)
     on conflict (name) do update set state = excluded.state, problem = excluded.problem`,
    [state, problem],
  );
}

const client = (token?: string) =>
  createClient({ baseUrl: server.url, ...(token === undefined ? {} : { token }) });
const ready = () => {
  nowMs += serverLimits.readinessShareMs + 1;
  for (const loop of loops) loop.lastBeatMs = Math.max(loop.lastBeatMs, nowMs - 10);
  return client().call(rows.ready);
};
const unready = (path: string) => ({ code: 'unavailable', fields: [{ path }] });

test('a healthy instance is live and ready, without authentication', async () => {
  expect(await client().call(rows.live)).toMatchObject({
    ok: true,
    components: [{ name: 'loop scheduler' }],
  });
  const health = await ready();
  expect(health.components.map(({ name, ok }) => [name, ok])).toEqual([
    ['loop scheduler', true],
    ['database', true],
    ['blobs', true],
    ['nodes', true],
  ]);
  // The probe leaves no content.
  expect(await Array.fromAsync(blobs.list())).toEqual([]);
});

// In the legacy system the scheduling thread died and the process looked healthy.
test('a stalled loop makes the process not live and not ready, and is named', async () => {
  nowMs += systemLimits.loopStallMs + 1;
  await expect(client().call(rows.live)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('loop scheduler: stalled'),
    fields: [{ path: 'loop scheduler' }],
  });
  await expect(client().call(rows.ready)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a loop that fails and retries is alive, and its error is not public', async () => {
  loops[0] = { name: 'scheduler', lastBeatMs: nowMs, lastError: new Error('password=hunter2') };
  const health = await client().call(rows.live);
  expect(health).toMatchObject({ ok: true });
  expect(JSON.stringify(health)).toContain('it failed');
  expect(JSON.stringify(health)).not.toContain('hunter2');
});

test('a stopped database fails readiness and not liveness', async () => {
  await database.drop();
  await expect(ready()).rejects.toMatchObject({ code: 'unavailable' });
  const problem = await ready().catch((error: unknown) => error);
  expect(JSON.stringify(problem)).toContain('database');
  expect(await client().call(rows.live)).toMatchObject({ ok: true });
});

test('a blob store that accepts no writes fails readiness', async () => {
  const put = blobs.put.bind(blobs);
  blobs.put = async () => Promise.reject(Object.assign(new Error(directory), { code: 'ENOSPC' }));
  const problem = await ready().catch((error: unknown) => error);
  expect(problem).toMatchObject({ ...unready('blobs'), message: 'blobs: fails: ENOSPC' });
  blobs.put = () => new Promise(() => undefined);
  const late = await ready().catch((error: unknown) => error);
  expect(late).toMatchObject({
    message: `blobs: no response within ${serverLimits.readinessMs} ms`,
  });
  blobs.put = put;
  expect(await ready()).toMatchObject({ ok: true });
});

test('without Docker a worker is not ready; a process that only serves the API is', async () => {
  await node('offline', 'connect ENOENT /var/run/docker.sock');
  await expect(ready()).rejects.toMatchObject(unready('nodes'));
  roles.splice(0, roles.length, 'api');
  expect(await ready()).toMatchObject({
    ok: true,
    components: expect.arrayContaining([
      { name: 'nodes', ok: false, detail: 'none of 1 nodes is online' },
    ]),
  });
});

test('concurrent probes share one check', async () => {
  let probes = 0;
  const put = blobs.put.bind(blobs);
  blobs.put = (...given) => {
    probes += 1;
    return put(...given);
  };
  nowMs += serverLimits.readinessShareMs + 1;
  await Promise.all(Array.from({ length: 20 }, () => client().call(rows.ready)));
  expect(probes).toBe(1);
});

test('missing components are listed with the reason and a hint', async () => {
  expect(await client('viewer').call(rows.show)).toMatchObject({
    version: '1.2.3',
    roles,
    missing: [],
  });
  await node('offline', 'connect ENOENT /var/run/docker.sock');
  await database.handle.pool.query(
    `insert into engines (name, source, revision, problem) values ('tool', 'directory', 1, 'no image')`,
  );
  nowMs += serverLimits.readinessShareMs + 1;
  const { missing } = await client('viewer').call(rows.show);
  expect(missing).toMatchObject([
    {
      part: 'node local',
      detail: 'connect ENOENT /var/run/docker.sock',
      advice: expect.stringContaining('Start Docker'),
    },
    { part: 'engine tool', detail: 'no image' },
  ]);
});

test('configuration and metrics require an operator, the description of the API is public', async () => {
  const { options } = await client('op').call(rows.configuration);
  expect(options).toMatchObject([{ key: 'databaseUrl', value: '********' }]);
  expect(await (await client('op').open(rows.metrics)).text()).toBe('lazaret_build_info 1\n');
  for (const row of [rows.configuration, rows.metrics] as const) {
    await expect(client('viewer').open(row)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client().open(row)).rejects.toMatchObject({ code: 'unauthenticated' });
  }
  expect(await client().call(rows.openapi)).toMatchObject({
    openapi: '3.1.0',
    info: { version: '1.2.3' },
  });
});
