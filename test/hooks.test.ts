/**
 * Hooks with real parts: Debian's docker-registry reports pushes to the whole server, which finds,
 * records and inspects them; kill -9 of the server; the time until a notification is answered.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import {
  operations,
  type Arrival,
  type Client,
  type Delivery,
  type HookWithSecret,
} from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  startDebianRegistry,
  type DebianRegistry,
} from '../packages/oci/src/testing/debian-registry.ts';
import { ociFiles, packFiles } from '../packages/analysis/src/testing/write-image.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { buildApp } from './support/registry-instance.ts';

const run = promisify(execFile);
const { registries, arrivals, hooks } = operations;
let instance: Instance;
const open: { close(): Promise<unknown> }[] = [];
let added = 0;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-hooks-'));
  instance = await startInstance();
});
afterEach(async () => {
  // The last first: a server that was started again uses the directory of the killed one.
  for (const one of open.splice(0).toReversed()) await one.close();
});
afterAll(async () => {
  await instance.close();
  await rm(directory, { recursive: true, force: true });
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface WatchedLab {
  readonly registry: DebianRegistry;
  readonly name: string;
  readonly hook: HookWithSecret;
}

/** A registry that is polled once a day, and reports what happens at once. */
async function startWatched(client: Client): Promise<WatchedLab> {
  added += 1;
  const name = `lab-${added}`;
  const { address, hook } = await addHook(client, name);
  const headers = { [hook.header ?? '']: [hook.generatedSecret ?? ''] };
  const registry = await startDebianRegistry({
    ...{ address, notifications: { url: hook.url, headers } },
  });
  open.push(registry);
  return { registry, name, hook };
}

/** A hook of a registry that need not run. */
async function addHook(
  client: Client,
  name: string,
): Promise<{ readonly address: string; readonly hook: HookWithSecret }> {
  const address = `127.0.0.1:${await findFreePort()}`;
  const watched = { kind: 'distribution', plainHttp: true, pollInterval: '1d' } as const;
  await client.call(registries.add, { body: { name, address, ...watched } });
  const body = { name, registry: name, kind: 'distribution' } as const;
  return { address, hook: await client.call(hooks.add, { body }) };
}

/** Pushes an image with skopeo, which pushes the manifest by its tag alone, as docker does. */
async function push(host: string, reference: string, text: string): Promise<string> {
  const image = await buildApp(text);
  const archive = join(directory, `${text.replaceAll(' ', '-')}.tar`);
  await writeFile(archive, await packFiles(ociFiles([image])));
  await run('skopeo', [
    ...['copy', '--dest-tls-verify=false', '--preserve-digests'],
    ...[`oci-archive:${archive}`, `docker://${host}/${reference}`],
  ]);
  return image.descriptor.digest;
}

async function listArrivals(client: Client, registry: string): Promise<Arrival[]> {
  const { items } = await client.call(arrivals.list, { query: { registry, limit: 200 } });
  return items.toReversed();
}

async function listDeliveries(client: Client, hook: string): Promise<Delivery[]> {
  return (await client.call(hooks.deliveries, { query: { hook, limit: 200 } })).items;
}

async function waitUntilProcessed(client: Client, hook: string): Promise<void> {
  await expect
    .poll(async () => (await client.call(hooks.show, { params: { name: hook } })).counts.queued, {
      timeout: 30_000,
    })
    .toBe(0);
}

test('a push to docker-registry is one arrival, by its notification, and is inspected', async () => {
  const { client } = instance;
  const { registry, name } = await startWatched(client);
  const digest = await push(registry.host, 'lab/app:1', 'reported');
  await expect
    .poll(async () => (await listArrivals(client, name)).map(({ tag }) => tag), { timeout: 30_000 })
    .toContain('1');
  await waitUntilProcessed(client, name);
  const found = (await listArrivals(client, name)).filter(({ tag }) => tag === '1');
  expect(found).toMatchObject([{ repository: 'lab/app', tag: '1', digest, source: 'webhook' }]);
  const params = { id: found[0]?.id ?? '' };
  await expect
    .poll(
      async () => {
        const query = { waitSeconds: 10 };
        return (await client.call(arrivals.show, { params, query })).state;
      },
      { timeout: 60_000 },
    )
    .toBe('inspected');
  // Our own requests for the manifest and its layers were reported too, and all blobs.
  await waitUntilProcessed(client, name);
  const deliveries = await listDeliveries(client, name);
  const reasons = new Set(deliveries.flatMap(({ ignored }) => ignored.map((one) => one.reason)));
  expect(reasons).toEqual(new Set(['blob, not a manifest', 'pull']));
  expect(deliveries.filter(({ state }) => state !== 'processed')).toEqual([]);
  expect(await listArrivals(client, name)).toHaveLength(1);
});

test('a tag that moves from A to B and back to A is three arrivals', async () => {
  const { client } = instance;
  const { registry, name } = await startWatched(client);
  const a = await push(registry.host, 'lab/moving:1', 'version a');
  const b = await push(registry.host, 'lab/moving:1', 'version b');
  await push(registry.host, 'lab/moving:1', 'version a');
  const tags = async (): Promise<(string | null)[]> =>
    (await listArrivals(client, name)).filter((one) => one.tag === '1').map((one) => one.digest);
  await expect.poll(tags, { timeout: 30_000 }).toEqual([a, b, a]);
  const query = { repository: 'lab/moving', tag: '1' };
  const { items } = await client.call(registries.history, { params: { name }, query });
  expect(items.toReversed().map(({ change, digest }) => [change, digest])).toEqual([
    ['appeared', a],
    ['moved', b],
    ['moved', a],
  ]);
});

test('a deletion in docker-registry is known at once, although the next poll is a day away', async () => {
  const { client } = instance;
  const { registry, name } = await startWatched(client);
  const digest = await push(registry.host, 'lab/deleted:1', 'to be deleted');
  const query = { repository: 'lab/deleted', tag: '1' };
  const changes = async (): Promise<string[]> => {
    const { items } = await client.call(registries.history, { params: { name }, query });
    return items.map(({ change, source, previous }) => `${change} by ${source} ${previous}`);
  };
  await expect.poll(changes, { timeout: 30_000 }).toEqual(['appeared by webhook null']);
  await waitUntilProcessed(client, name);
  const image = `docker://${registry.host}/lab/deleted:1`;
  await run('skopeo', ['delete', '--tls-verify=false', image]);
  await expect
    .poll(changes, { timeout: 30_000 })
    .toEqual([`disappeared by webhook ${digest}`, 'appeared by webhook null']);
});

test('the check of a registry says whether its notifications arrive', async () => {
  const { client } = instance;
  const { registry, name, hook } = await startWatched(client);
  const check = async (): Promise<string | undefined> => {
    const { results } = await client.call(registries.check, { params: { name } });
    const found = results.find((one) => one.name === 'webhook');
    return `${found?.state}: ${found?.detail}`;
  };
  expect(await check()).toBe(`warning: the hook ${name} has received nothing yet`);
  await fetch(hook.url, { method: 'POST', headers: { Authorization: 'wrong' }, body: '{}' });
  await expect.poll(check, { timeout: 20_000 }).toMatch(/^failed: .* Authorization is wrong$/);
  await push(registry.host, 'lab/app:checked', 'checked');
  await expect.poll(check, { timeout: 20_000 }).toMatch(/^ok: the hook .* received/);
}, 60_000);

function notificationOf(id: string, tag: string): string {
  const digest = `sha256:${'a'.repeat(64)}`;
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const target = { repository: 'lab/app', tag, digest, mediaType };
  return JSON.stringify({ events: [{ id, action: 'push', target }] });
}

async function deliver(hook: HookWithSecret, body: string): Promise<number> {
  const headers = { [hook.header ?? '']: hook.generatedSecret ?? '' };
  const { status } = await fetch(hook.url, { method: 'POST', headers, body });
  return status;
}

test('the same event 14 times, reordered and racing with a poll, is one arrival', async () => {
  const { client } = instance;
  const { registry, name, hook } = await startWatched(client);
  const digest = await push(registry.host, 'lab/app:racing', 'racing');
  const events = ['one', 'two', 'three'].flatMap((id) =>
    Array.from({ length: 14 }, () => notificationOf(id, 'racing').replace(/sha256:a+/, digest)),
  );
  const sent = events.toReversed().map((body) => deliver(hook, body));
  await client.call(registries.sync, { params: { name } });
  expect(new Set(await Promise.all(sent))).toEqual(new Set([202]));
  await waitUntilProcessed(client, name);
  const poll = { params: { name }, query: { waitSeconds: 20 } };
  await expect
    .poll(async () => (await client.call(registries.show, poll)).poll.completeAt, {
      timeout: 30_000,
    })
    .not.toBeNull();
  const found = (await listArrivals(client, name)).filter(({ tag }) => tag === 'racing');
  expect(found).toHaveLength(1);
});

test('killed between the answer and the processing, the server loses nothing', async () => {
  const receiving = await startInstance({ arguments: ['--roles', 'api'] });
  open.push(receiving);
  const { hook } = await addHook(receiving.client, 'lab');
  const ids = Array.from({ length: 20 }, (_, at) => `event-${at}`);
  const answers = await Promise.all(ids.map((id) => deliver(hook, notificationOf(id, id))));
  expect(answers).toEqual(ids.map(() => 202));
  await receiving.kill();
  const { dataDirectory } = receiving;
  const working = await startInstance({ dataDirectory });
  open.push(working);
  await waitUntilProcessed(working.client, 'lab');
  const found = await listArrivals(working.client, 'lab');
  expect(found.map(({ tag }) => tag).toSorted()).toEqual(ids.toSorted());
  const { counts } = await working.client.call(hooks.show, { params: { name: 'lab' } });
  expect(counts).toMatchObject({ queued: 0, processed: 20, dead: 0 });
}, 120_000);

test('notifications at 200 a second are all answered, and the times are printed', async () => {
  const { hook } = await addHook(instance.client, 'latency');
  const times: number[] = [];
  const count = 600;
  const startedMs = performance.now();
  const sending: Promise<void>[] = [];
  for (let at = 0; at < count; at += 1) {
    const dueMs = startedMs + at * 5;
    await pause(Math.max(0, dueMs - performance.now()));
    const sentMs = performance.now();
    sending.push(
      deliver(hook, notificationOf(`latency-${at}`, 'v1')).then((status) => {
        expect(status).toBe(202);
        times.push(performance.now() - sentMs);
      }),
    );
  }
  await Promise.all(sending);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(count * share)] ?? 0).toFixed(1);
  process.stdout.write(
    `notifications at 200 a second: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, ` +
      `99 % ${at(0.99)} ms until the answer\n`,
  );
  const one: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const sentMs = performance.now();
    await deliver(hook, notificationOf(`single-${index}`, 'v1'));
    one.push(performance.now() - sentMs);
  }
  const median = one.toSorted((a, b) => a - b)[50] ?? 0;
  process.stdout.write(`one after the other: median ${median.toFixed(1)} ms until the answer\n`);
  await waitUntilProcessed(instance.client, 'latency');
  const { counts } = await instance.client.call(hooks.show, { params: { name: 'latency' } });
  expect(counts).toMatchObject({ queued: 0, dead: 0, processed: count + 100 });
}, 120_000);

test('the address of an earlier product leads to its results in the console', async () => {
  const response = await fetch(`${instance.url}/results`, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, 'console/arrivals']);
});
