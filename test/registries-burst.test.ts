/** Many pushes at once: nothing is lost, layers are fetched once, people are not kept waiting. */
import { operations, type Arrival, type Client } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage, type BuiltImage } from '../packages/analysis/src/testing/image-builder.ts';
import { isExhaustive } from './support/exhaustive.ts';
import {
  baseLayer,
  inspectAndWait,
  startWithRegistry,
  type RegistryInstance,
} from './support/registry-instance.ts';

const { registries, arrivals } = operations;
let lab: RegistryInstance;
let client: Client;

beforeAll(async () => {
  lab = await startWithRegistry({ arguments: ['--requests-per-minute', '1000000'] });
  ({ client } = lab.instance);
  const body = {
    ...{ name: 'burst', address: lab.registry.host, plainHttp: true, pollInterval: '1h' },
    credentials: 'none',
  };
  await client.call(registries.add, { body });
});
afterAll(() => lab.close());

const large = Buffer.alloc(3 * 1024 * 1024, 'shared bytes of the base image ');

function buildOn(text: string): Promise<BuiltImage> {
  const shared = {
    entries: [{ path: 'srv/shared', content: large }],
    compression: 'none',
  } as const;
  const own = { entries: [{ path: 'app', content: Buffer.from(text) }] };
  return buildImage({ layers: [baseLayer, shared, own] });
}

function buildSmall(text: string): Promise<BuiltImage> {
  return buildImage({ layers: [{ entries: [{ path: 'app', content: Buffer.from(text) }] }] });
}

/** Pushes to the fake registry and reports the push, as its notification would. */
async function push(repository: string, tag: string, image: BuiltImage): Promise<string> {
  lab.registry.store.putImage(repository, tag, image);
  const digest = image.descriptor.digest;
  const body = { registry: 'burst', repository, tag, digest };
  const { outcome, arrival } = await client.call(arrivals.report, { body });
  expect(outcome).toBe('recorded');
  return arrival ?? '';
}

async function waitFor(id: string): Promise<Arrival> {
  for (;;) {
    const query = { waitSeconds: 20 };
    const found = await client.call(arrivals.show, { params: { id }, query });
    if (found.settledAt !== null) return found;
  }
}

/** The layers and configurations that were sent since, in bytes. */
function bytesSince(start: number): number {
  return lab.registry.requests
    .slice(start)
    .filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))
    .map(({ path }) => lab.registry.store.blobs.get(path.split('/').at(-1) ?? '')?.length ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

test('the second push that shares layers costs only the new layer', async () => {
  await waitFor(await push('lab/first', '1', await buildOn('first')));
  const start = lab.registry.requests.length;
  expect(bytesSince(0)).toBeGreaterThan(large.length);
  const second = await buildOn('second');
  expect(await waitFor(await push('lab/second', '1', second))).toMatchObject({
    state: 'inspected',
    verdict: 'unscanned',
  });
  const own = second.layers[2]?.stored.length ?? 0;
  const fetched = bytesSince(start);
  process.stdout.write(`second push: ${fetched} bytes of ${large.length} and more\n`);
  expect(fetched).toBe(own + second.config.length);
});

/** Of a burst. */
const pushes = isExhaustive ? 500 : 150;

test('a burst of pushes loses nothing, and an inspection by a person is not kept waiting', async () => {
  const images: BuiltImage[] = [];
  for (let at = 0; at < pushes; at += 1) images.push(await buildSmall(`burst ${at}`));
  const ids = await Promise.all(images.map((image, at) => push(`burst/app-${at}`, '1', image)));
  expect(new Set(ids).size).toBe(pushes);
  const asked = await buildOn('asked for by a person');
  lab.registry.store.putImage('lab/asked', '1', asked);
  const reference = `${lab.registry.host}/lab/asked:1`;
  expect(await inspectAndWait(client, { reference })).toMatchObject({ state: 'finished' });
  const settled = async (): Promise<number> => {
    const { items } = await client.call(registries.list, {});
    const { waiting = 0, inspecting = 0 } = items[0]?.counts ?? {};
    return pushes - waiting - inspecting;
  };
  const atAnswer = await settled();
  process.stdout.write(`a person was answered after ${atAnswer} of ${pushes} pushes\n`);
  expect(atAnswer).toBeLessThan(0.8 * pushes);
  await expect.poll(settled, { timeout: 400_000, interval: 1_000 }).toBe(pushes);
  const found: Arrival[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 200, state: 'inspected', ...(cursor !== undefined && { cursor }) };
    const page = await client.call(arrivals.list, { query });
    found.push(...page.items.filter(({ repository }) => repository.startsWith('burst/')));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(new Set(found.map(({ repository }) => repository)).size).toBe(pushes);
}, 600_000);
