import {
  createClient,
  engineManifest,
  engines as rows,
  Problem,
  type EngineManifestInput,
} from '@lazaret/protocol';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { findUnfinishedJob } from '../jobs/read.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { createEngines, type Engines } from './engines.ts';
import { engineRoutes } from './routes.ts';

let database: TestDatabase;
let server: TestHttpServer;
let engines: Engines;
/** Images of the nodes. */
const images = new Map<string, string>();
let nodesAnswer = true;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.handle.pool.query('truncate engines, engine_revisions, events, jobs cascade');
  images.clear();
  images.set('lab/tool:1', `sha256:${'a'.repeat(64)}`);
  nodesAnswer = true;
  engines = createEngines({
    database: database.handle.db,
    log: pino({ level: 'silent' }),
    onEvents: () => undefined,
    nowMs: Date.now,
    findUnfinishedJob,
    allowedNetworks: ['lab'],
    allowedRuntimes: ['runc'],
    resolveImage: async (reference) => {
      if (!nodesAnswer) throw new Problem('container_engine_unavailable', 'no node is online');
      const digest = images.get(reference);
      if (digest === undefined) throw new Problem('image_not_found', `no node has ${reference}`);
      return { digest, kind: 'image-id' };
    },
  });
  server = await startTestHttp(engineRoutes(engines));
  server.principals.set('op', testPrincipal('op', [{ role: 'operator', project: null }]));
  server.principals.set('viewer', testPrincipal('viewer', [{ role: 'viewer', project: null }]));
});
afterEach(() => server.close());

const client = (token = 'op') => createClient({ baseUrl: server.url, token });
const manifest = (change: Partial<EngineManifestInput> = {}): EngineManifestInput => ({
  name: 'tool',
  image: 'lab/tool:1',
  ...change,
});
const add = (change: Partial<EngineManifestInput> = {}) =>
  client().call(rows.add, { body: { manifest: manifest(change) } });
const at = { params: { name: 'tool' } };

async function eventsOf(subject: string): Promise<string[]> {
  const found = await database.handle.db
    .selectFrom('events')
    .select(['type', 'actor'])
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
  return found.map(({ type, actor }) => `${type} by ${actor}`);
}

test('an engine is added with its image pinned to a digest, and shown', async () => {
  const added = await add({ description: 'A tool' });
  expect(added).toMatchObject({
    name: 'tool',
    revision: 1,
    enabled: true,
    source: 'api',
    problem: null,
    image: { reference: 'lab/tool:1', digest: images.get('lab/tool:1'), kind: 'image-id' },
    revisions: [{ revision: 1, createdBy: 'op' }],
  });
  expect(await client().call(rows.show, at)).toEqual(added);
  expect(await eventsOf('tool')).toEqual(['engine.added by op']);
});

test('the same manifest and image create no new revision, a change of either does', async () => {
  await add();
  expect((await add()).revision).toBe(1);
  expect(await eventsOf('tool')).toHaveLength(1);
  expect((await add({ timeLimit: '5m' })).revision).toBe(2);
  images.set('lab/tool:1', `sha256:${'b'.repeat(64)}`);
  const third = await add({ timeLimit: '5m' });
  expect(third).toMatchObject({ revision: 3, image: { digest: `sha256:${'b'.repeat(64)}` } });
  // Earlier revisions keep their digests.
  expect(third.revisions.map(({ image }) => image?.digest.slice(7, 8))).toEqual(['b', 'a', 'a']);
});

test('rollback makes an earlier revision current; adding the newest again makes it current', async () => {
  await add();
  await add({ version: '2' });
  await add({ version: '3' });
  expect(await client().call(rows.rollback, { ...at, body: {} })).toMatchObject({
    revision: 2,
    version: '2',
  });
  expect(await client().call(rows.rollback, { ...at, body: { revision: 1 } })).toMatchObject({
    revision: 1,
  });
  expect((await engines.find('tool')).manifest.version).toBe('');
  expect((await engines.find('tool', 3)).manifest.version).toBe('3');
  await expect(client().call(rows.rollback, { ...at, body: {} })).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(
    client().call(rows.rollback, { ...at, body: { revision: 9 } }),
  ).rejects.toMatchObject({ code: 'not_found' });
  expect(await add({ version: '3' })).toMatchObject({ revision: 3 });
  expect((await client().call(rows.show, at)).revisions).toHaveLength(3);
});

test('disabling is shown, writes one event, and can be reverted', async () => {
  await add();
  for (const enabled of [false, false, true]) {
    expect(await client().call(rows.update, { ...at, body: { enabled } })).toMatchObject({
      enabled,
    });
  }
  expect(await eventsOf('tool')).toEqual([
    'engine.added by op',
    'engine.changed by op',
    'engine.changed by op',
  ]);
});

test('a removed engine remains only in the history, and can be added again', async () => {
  await add();
  await client().call(rows.remove, at);
  await expect(client().call(rows.show, at)).rejects.toMatchObject({ code: 'not_found' });
  await expect(engines.find('tool')).rejects.toMatchObject({ code: 'not_found' });
  expect((await client().call(rows.list)).items).toEqual([]);
  await expect(client().call(rows.remove, at)).rejects.toMatchObject({ code: 'not_found' });
  expect(await add()).toMatchObject({ revision: 2, enabled: true });
});

test('an engine with unfinished jobs is not removed', async () => {
  await add();
  await database.handle.pool.query(
    `insert into jobs (id, project, engine, engine_revision, memory_bytes, cpus, time_limit_ms,
       queue_time_limit_ms, submitted_by) values ('j', 'default', 'tool', 1, 1, 1, 1, 1, 'x')`,
  );
  await expect(client().call(rows.remove, at)).rejects.toMatchObject({ code: 'conflict' });
  await database.handle.pool.query(`update jobs set state = 'succeeded'`);
  await client().call(rows.remove, at);
});

test('an image that no node has, and no online node, are distinguished; nothing is stored', async () => {
  await expect(add({ image: 'lab/none' })).rejects.toMatchObject({ code: 'image_not_found' });
  nodesAnswer = false;
  await expect(add()).rejects.toMatchObject({ code: 'container_engine_unavailable' });
  expect((await client().call(rows.list)).items).toEqual([]);
});

test.each<[Partial<EngineManifestInput>, string]>([
  [{ network: 'host' }, 'network'],
  [{ runtime: 'runsc' }, 'runtime'],
  [{ input: { name: 'x', count: { min: 1, max: 2 } } }, 'input.name'],
  [{ output: { mount: '/in/out' } }, 'output.mount'],
  [
    { parameters: { schema: { type: 'object', properties: { a: { type: 'strin' } } } } },
    'parameters.schema.properties.a.type',
  ],
])('%j is refused with its field', async (change, path) => {
  for (const row of [rows.validate, rows.add] as const) {
    await expect(
      client().call(row, { body: { manifest: manifest(change) } }),
    ).rejects.toMatchObject({
      code: 'invalid_manifest',
      fields: [{ path }],
    });
  }
});

test('networks and runtimes that the operator allows are accepted', async () => {
  expect(await add({ network: 'lab', runtime: 'runc' })).toMatchObject({ revision: 1 });
});

test('validation returns the manifest with every default and adds nothing', async () => {
  const valid = await client('viewer').call(rows.validate, { body: { manifest: manifest() } });
  expect(valid).toEqual(engineManifest.parse(manifest()));
  expect((await client().call(rows.list)).items).toEqual([]);
});

test('a viewer changes nothing', async () => {
  await add();
  const viewer = client('viewer');
  for (const call of [
    () => viewer.call(rows.add, { body: { manifest: manifest() } }),
    () => viewer.call(rows.update, { ...at, body: { enabled: false } }),
    () => viewer.call(rows.rollback, { ...at, body: {} }),
    () => viewer.call(rows.remove, at),
    () => viewer.call(rows.import, { body: { engines: [{}] } }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'forbidden' });
  }
});

test('the list has pages by name, and filters', async () => {
  for (const name of ['cc', 'aa', 'bb']) await add({ name });
  await client().call(rows.update, { params: { name: 'bb' }, body: { enabled: false } });
  const first = await client().call(rows.list, { query: { limit: 2 } });
  expect(first.items.map((item) => item.name)).toEqual(['aa', 'bb']);
  const second = await client().call(rows.list, { query: { limit: 2, cursor: first.next ?? '' } });
  expect(second).toMatchObject({ items: [{ name: 'cc' }], next: null, refused: [] });
  for (const cursor of ['\0', 'NO', '../x', ' ']) {
    await expect(client().call(rows.list, { query: { cursor } })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  }
  const enabled = await client().call(rows.list, { query: { enabled: true } });
  expect(enabled.items.map((item) => item.name)).toEqual(['aa', 'cc']);
});

test('concurrent additions of one new engine create one', async () => {
  const added = await Promise.all(Array.from({ length: 8 }, () => add()));
  expect(new Set(added.map((engine) => engine.revision))).toEqual(new Set([1]));
  expect(await eventsOf('tool')).toHaveLength(1);
});

test('parameters are checked by the schema of the revision', async () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: { n: { type: 'integer' } },
  };
  await add({ parameters: { schema } });
  await add();
  const first = await engines.find('tool', 1);
  const second = await engines.find('tool');
  expect(engines.checkParameters(first, { n: 1 })).toEqual([]);
  expect(engines.checkParameters(first, { n: 'x' })).toMatchObject([{ path: 'parameters.n' }]);
  expect(engines.checkParameters(second, { n: 1 })).toMatchObject([{ path: 'parameters.n' }]);
  expect(engines.checkParameters(second, {})).toEqual([]);
});

test('entries of a legacy file are imported or refused one by one', async () => {
  const entry = {
    Name: 'legacy',
    Image: 'lab/tool:1',
    CMD: 'run',
    mountpoint: '/data',
    sizelimit: 1_000,
    workers: 1,
  };
  const answer = await client().call(rows.import, {
    body: {
      engines: [
        entry,
        { ...entry, Name: 'idle', workers: 0 },
        { ...entry, Name: 'risky', runflags: ['--privileged'] },
        { ...entry, Name: 'absent', Image: 'lab/none' },
        entry,
        { nonsense: true },
      ],
    },
  });
  expect(answer.imported).toEqual([
    { name: 'legacy', revision: 1 },
    { name: 'idle', revision: 1 },
  ]);
  expect(answer.refused.map(({ name }) => name)).toEqual(['risky', 'absent', 'legacy', 'entry 6']);
  expect(answer.refused[0]?.detail).toContain('--privileged');
  const list = await client().call(rows.list);
  expect(list.items.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['idle', false],
    ['legacy', true],
  ]);
});

test.each([
  ['input.kinds', { input: { kinds: ['application/zip'] } }],
  ['resultType', { resultType: 'findings' }],
  ['trusted', { trusted: true }],
] as const)('%s is refused while it has no effect', async (path, change) => {
  await expect(add(structuredClone(change) as Partial<EngineManifestInput>)).rejects.toMatchObject({
    code: 'invalid_manifest',
    fields: [{ path }],
  });
});
