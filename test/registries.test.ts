/**
 * A watched registry with real parts: Debian's docker-registry, images that skopeo pushes and
 * deletes, the whole server with inspection and verdict, and kill -9 of the server.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations, type Arrival, type Client, type Registry } from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  startDebianRegistry,
  type DebianRegistry,
} from '../packages/oci/src/testing/debian-registry.ts';
import { pushImage } from '../packages/oci/src/testing/push-image.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { buildApp } from './support/registry-instance.ts';

const run = promisify(execFile);
/** bcrypt of "pass word", made with crypt(3). */
const htpasswd = 'ana:$2y$05$abcdefghijklmnopqrstuuIt/9/tGzLcigNq/.RWIDjeEVR30RSf.\n';
const credentials = 'ana:pass word';
const { registries, arrivals, images } = operations;
let registry: DebianRegistry;
let instance: Instance;
let directory = '';
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-registries-'));
  registry = await startDebianRegistry();
  instance = await startInstance();
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});
afterAll(async () => {
  await instance.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

/** Pushes an image by the distribution protocol; answers its digest. */
async function push(host: string, repository: string, text: string): Promise<string> {
  const image = await buildApp(text);
  const [name = '', tag = '1'] = repository.split(':');
  await pushImage({ origin: `http://${host}`, repository: name, tag }, image);
  return image.descriptor.digest;
}

async function watch(client: Client, body: { name: string; address: string }): Promise<Registry> {
  const settings = { plainHttp: true, pollInterval: '1s', kind: 'distribution' as const };
  return client.call(registries.add, { body: { ...settings, ...body } });
}

async function waitForArrival(client: Client, query: object): Promise<Arrival> {
  const found = await expect
    .poll(async () => (await client.call(arrivals.list, { query })).items, { timeout: 60_000 })
    .not.toHaveLength(0)
    .then(async () => (await client.call(arrivals.list, { query })).items[0]);
  const params = { id: found?.id ?? '' };
  for (;;) {
    const ended = await client.call(arrivals.show, { params, query: { waitSeconds: 20 } });
    if (ended.settledAt !== null) return ended;
  }
}

async function history(client: Client, name: string, repository: string): Promise<string[]> {
  const call = { params: { name }, query: { repository } };
  const { items } = await client.call(registries.history, call);
  return items.toReversed().map(({ change, tag, source }) => `${change} ${tag} by ${source}`);
}

test('an image that skopeo pushes arrives within a poll, is inspected and has a verdict', async () => {
  const { client } = instance;
  const { host } = registry;
  await watch(client, { name: 'lab', address: host });
  const idle = { params: { name: 'lab' }, query: { waitSeconds: 20 } };
  await expect
    .poll(async () => (await client.call(registries.show, idle)).state, { timeout: 30_000 })
    .toBe('healthy');
  const layout = join(directory, 'layout');
  const source = await push(host, 'source/app:1', 'pushed by skopeo');
  await run('skopeo', [
    ...['copy', '--src-tls-verify=false', '--preserve-digests'],
    ...[`docker://${host}/source/app:1`, `oci:${layout}:1`],
  ]);
  await run('skopeo', [
    ...['copy', '--dest-tls-verify=false', '--preserve-digests'],
    ...[`oci:${layout}:1`, `docker://${host}/lab/app:1`],
  ]);
  const arrived = await waitForArrival(client, { repository: 'lab/app' });
  expect(arrived).toMatchObject({
    ...{ registry: 'lab', repository: 'lab/app', tag: '1', digest: source, source: 'poll' },
    ...{ state: 'inspected', verdict: 'unscanned', problem: null },
    reference: `${host}/lab/app:1@${source}`,
  });
  const image = await client.call(images.show, { params: { digest: source } });
  expect(image.verdict.state).toBe('unscanned');
  expect(image.names.join(' ')).toContain('/lab/app:1');
});

test('a moved tag is another arrival, and a deleted one disappears', async () => {
  const { client } = instance;
  const { host } = registry;
  const first = await push(host, 'lab/moving:1', 'before');
  await waitForArrival(client, { repository: 'lab/moving', digest: first });
  const second = await push(host, 'lab/moving:1', 'after');
  const arrived = await waitForArrival(client, { repository: 'lab/moving', digest: second });
  expect(arrived).toMatchObject({ tag: '1', state: 'inspected' });
  await run('skopeo', ['delete', '--tls-verify=false', `docker://${host}/lab/moving:1`]);
  await expect
    .poll(() => history(client, 'lab', 'lab/moving'), { timeout: 30_000 })
    .toEqual(['appeared 1 by poll', 'moved 1 by poll', 'disappeared 1 by poll']);
});

test('a registry that stops in the middle makes nothing disappear', async () => {
  const { client } = instance;
  const other = await startDebianRegistry();
  open.push(other);
  for (const name of ['a', 'b', 'c']) await push(other.host, `lab/${name}:1`, name);
  await watch(client, { name: 'stopping', address: other.host });
  for (const name of ['a', 'b', 'c']) {
    await waitForArrival(client, { registry: 'stopping', repository: `lab/${name}` });
  }
  await other.close();
  const show = async (): Promise<Registry> =>
    client.call(registries.show, { params: { name: 'stopping' } });
  await expect.poll(async () => (await show()).state, { timeout: 60_000 }).toBe('failing');
  const { counts, problem } = await show();
  expect(problem?.code).toBe('unreachable');
  expect(counts).toMatchObject({ repositories: 3, tags: 3 });
  expect(await history(client, 'stopping', 'lab/a')).toEqual(['appeared 1 by backlog']);
  const { missing, roles } = await client.call(operations.system.show, {});
  expect(missing.map(({ part }) => part)).toContain('registry stopping');
  // The gate has no address here, so it does not run.
  expect(roles).toEqual(['api', 'scheduler', 'worker', 'inspector', 'watcher']);
  await client.call(registries.remove, { params: { name: 'stopping' } });
});

test('check says what works, and changes nothing', async () => {
  const { client } = instance;
  const { results } = await client.call(registries.check, { params: { name: 'lab' } });
  const states = Object.fromEntries(results.map(({ name, state }) => [name, state]));
  expect(states).toEqual({
    ...{ credentials: 'ok', reach: 'ok', tls: 'warning', 'sign-in': 'ok', catalog: 'ok' },
    // Debian's registry has no referrers API, and no notification came.
    ...{ tags: 'ok', delete: 'ok', referrers: 'warning', webhook: 'unknown' },
  });
});

test('after kill -9 of the server nothing is lost and nothing is recorded twice', async () => {
  const other = await startDebianRegistry();
  open.push(other);
  const names = Array.from({ length: 12 }, (_, at) => `lab/app-${at}`);
  for (const name of names) await push(other.host, `${name}:1`, name);
  const first = await startInstance();
  const { dataDirectory } = first;
  await watch(first.client, { name: 'killed', address: other.host });
  for (let round = 0; round < 2; round += 1) {
    const running = round === 0 ? first : await startInstance({ dataDirectory });
    await expect
      .poll(async () => (await running.client.call(arrivals.list, {})).items.length, {
        timeout: 60_000,
        interval: 25,
      })
      .toBeGreaterThan(round * 5);
    await running.kill();
  }
  const last = await startInstance({ dataDirectory });
  open.push(last);
  const query = { limit: 200 };
  await expect
    .poll(
      async () => {
        const { items } = await last.client.call(arrivals.list, { query });
        return items.filter(({ state }) => state === 'inspected').length;
      },
      { timeout: 180_000, interval: 500 },
    )
    .toBe(names.length);
  const { items } = await last.client.call(arrivals.list, { query });
  expect(new Set(items.map(({ repository }) => repository))).toEqual(new Set(names));
  const changes = await last.client.call(registries.history, {
    params: { name: 'killed' },
    query: { limit: 200 },
  });
  expect(changes.items).toHaveLength(names.length);
}, 300_000);

test('registries of the configuration file are watched, with credentials from a file', async () => {
  const closed = await startDebianRegistry({ htpasswd });
  open.push(closed);
  const secret = join(directory, 'secret');
  await writeFile(secret, `${credentials}\n`, { mode: 0o600 });
  const list = [
    {
      ...{ name: 'closed', address: closed.host, plainHttp: true, pollInterval: '1s' },
      credentials: `file:${secret}`,
    },
  ];
  const configured = await startInstance({ arguments: ['--registries', JSON.stringify(list)] });
  open.push(configured);
  const { client } = configured;
  const { results } = await client.call(registries.check, { params: { name: 'closed' } });
  expect(results.find(({ name }) => name === 'sign-in')).toMatchObject({ state: 'ok' });
  const change = { params: { name: 'closed' }, body: { enabled: false } };
  await expect(client.call(registries.update, change)).rejects.toMatchObject({ code: 'conflict' });
  const image = await buildApp('behind a password');
  await pushImage(
    {
      ...{ origin: `http://${closed.host}`, repository: 'lab/closed', tag: '1' },
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    },
    image,
  );
  const arrived = await waitForArrival(client, { repository: 'lab/closed' });
  expect(arrived).toMatchObject({ state: 'inspected', problem: null });
});

test('images of the local engine are watched and inspected by their ID', async () => {
  const { client } = instance;
  const name = `lazaret-test/watched-${process.pid}`;
  const archive = join(directory, 'root.tar');
  await writeFile(join(directory, 'only-file'), `of ${name}`);
  await run('tar', ['-C', directory, '-cf', archive, 'only-file']);
  try {
    const { stdout } = await run('docker', ['import', archive, `${name}:1`]);
    const settings = { kind: 'local' as const, pollInterval: '1s', repositories: [name] };
    await client.call(registries.add, { body: { name: 'engine', address: 'local', ...settings } });
    const arrived = await waitForArrival(client, { registry: 'engine' });
    expect(arrived).toMatchObject({
      ...{ repository: name, tag: '1', digest: stdout.trim(), state: 'inspected' },
      ...{ problem: null, source: 'backlog' },
    });
  } finally {
    await run('docker', ['image', 'rm', '--force', `${name}:1`]).catch(() => undefined);
  }
});
