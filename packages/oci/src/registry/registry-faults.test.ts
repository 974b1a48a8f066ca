// Not in the quick check: stalled connections are waited for.
/** Faults of registries, one by one, with the fake registry. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import type { BuiltImage } from '@lazaret/analysis/testing';
import type { FakeRegistry } from '../testing/fake-registry.ts';
import type { RegistryFault } from '../testing/registry-faults.ts';
import {
  buildSample,
  digestLayer,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from '@lazaret/analysis/testing';
import type { ImageSource, SourceImage } from '../image/image-source.ts';
import type { Clock } from './http/clock.ts';
import type { RegistrySourceOptions } from './registry-source.ts';
import { TokenServer } from './auth/token-server.ts';

const harness = useRegistryHarness();
const network = { idleMs: 200, privateHosts: ['localhost'] } as const;

interface Ready {
  readonly registry: FakeRegistry;
  readonly built: BuiltImage;
  readonly source: ImageSource;
  readonly image: SourceImage;
}

/** An image that was listed before the fault. */
async function prepare(options: Partial<RegistrySourceOptions> = {}): Promise<Ready> {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('app', 'latest', built);
  const source = harness.open(`${registry.host}/app`, { network, ...options });
  return { registry, built, source, image: firstImage((await source.list('default')).images) };
}

const mended: readonly (readonly [RegistryFault, number])[] = [
  ['flapping', 3],
  ['connection-reset', 2],
  ['too-many-requests', 2],
  ['truncated-body', 3],
  ['short-body', 1],
  ['slow-body', 1],
  ['stalled-body', 1],
  ['redirect-elsewhere', Number.POSITIVE_INFINITY],
  ['expired-redirect', 1],
];

test.each(mended)('a layer is complete despite %s', async (fault, times) => {
  const { registry, built, image } = await prepare();
  registry.faults.on(fault, times);
  expect(await digestLayer(image.layers[1])).toBe(built.layers[1]?.digest);
});

const listable = mended.filter(([fault]) => fault !== 'stalled-body');

test.each(listable)('an image is listed despite %s', async (fault, times) => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('app', 'latest', built);
  registry.faults.on(fault, times);
  const source = harness.open(`${registry.host}/app`, { network });
  expect((await source.list('default')).images).toMatchObject([
    { configDigest: built.configDigest },
  ]);
});

test('an interrupted layer resumes where it stopped', async () => {
  const { registry, built, image } = await prepare();
  registry.faults.on('truncated-body', 2);
  const before = registry.requests.length;
  expect(await digestLayer(image.layers[1])).toBe(built.layers[1]?.digest);
  const ranges = registry.requests.slice(before).map(({ range, status }) => [range, status()]);
  const sizeBytes = built.layers[1]?.stored.length ?? 0;
  expect(ranges).toHaveLength(3);
  expect(ranges[0]).toEqual([undefined, 200]);
  for (const [range, status] of ranges.slice(1)) {
    expect(status).toBe(206);
    expect(Number(/\d+/.exec(String(range))?.[0])).toBeLessThan(sizeBytes);
  }
});

test('without ranges a download restarts and skips the bytes already delivered', async () => {
  const { registry, built, image } = await prepare();
  registry.faults.on('truncated-body', 1);
  registry.faults.on('no-range');
  expect(await digestLayer(image.layers[1])).toBe(built.layers[1]?.digest);
});

test('an expired signed URL is replaced with a new one from the registry', async () => {
  const { registry, built, image } = await prepare();
  registry.faults.on('redirect-elsewhere');
  registry.faults.on('expired-redirect', 1);
  registry.faults.on('truncated-body', 1);
  expect(await digestLayer(image.layers[1])).toBe(built.layers[1]?.digest);
  const signatures = registry.requests.flatMap(({ path }) => /signature=\w+/.exec(path)?.[0] ?? []);
  expect(signatures).toEqual(['signature=old', 'signature=good', 'signature=good']);
});

const final: readonly (readonly [RegistryFault, string])[] = [
  ['wrong-length', 'damaged'],
  ['deleted-during-scan', 'not_found'],
  ['endless-redirect', 'unreachable'],
  ['redirect-inside', 'unreachable'],
  ['long-pause', 'rate_limited'],
  ['flapping', 'unreachable'],
  ['truncated-body', 'unreachable'],
];

test.each(final)('a layer ends with an error on permanent %s', async (fault, code) => {
  const { registry, image } = await prepare();
  registry.faults.on(fault);
  const failed = digestLayer(image.layers[1]);
  await expect(failed).rejects.toMatchObject({ name: 'SourceError', code });
});

test.each(['other-range', 'refused-range'] as const)(
  'a layer ends in an error at %s',
  async (fault) => {
    const { registry, image } = await prepare();
    registry.faults.on('truncated-body', 1);
    registry.faults.on(fault);
    await expect(digestLayer(image.layers[1])).rejects.toMatchObject({ code: 'damaged' });
  },
);

test('corrupt bytes of a layer are delivered for the walk to refuse by digest', async () => {
  const { registry, built, image } = await prepare();
  registry.faults.on('digest-mismatch');
  expect(await digestLayer(image.layers[1])).not.toBe(built.layers[1]?.digest);
});

const listing: readonly (readonly [RegistryFault, string])[] = [
  ['changed-manifest', 'digest_mismatch'],
  ['wrong-digest-header', 'digest_mismatch'],
  ['wrong-content-type', 'damaged'],
  ['deleted-during-scan', 'not_found'],
  ['digest-mismatch', 'digest_mismatch'],
  ['flapping', 'unreachable'],
  ['too-many-requests', 'rate_limited'],
];

test.each(listing)('listing ends with an error on permanent %s', async (fault, code) => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample());
  registry.faults.on(fault);
  const source = harness.open(`${registry.host}/app`);
  await expect(source.list('default')).rejects.toMatchObject({ name: 'SourceError', code });
});

test('a missing Docker-Content-Digest is computed', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('app', 'latest', built);
  registry.faults.on('no-digest-header');
  const { images } = await harness.open(`${registry.host}/app`).list('default');
  expect(images).toMatchObject([{ manifestDigest: built.descriptor.digest }]);
});

test('a moving tag does not mix two images', async () => {
  const registry = await harness.start();
  const one = await buildSample();
  const two = await buildSample({ platform: { os: 'linux', architecture: 'arm64' } });
  registry.store.putImage('app', 'latest', two);
  registry.store.putImage('app', 'latest', one);
  registry.faults.on('moving-tag');
  const source = harness.open(`${registry.host}/app`);
  for (const built of [one, two]) {
    const image = firstImage((await source.list('default')).images);
    expect(image).toMatchObject({
      manifestDigest: built.descriptor.digest,
      configDigest: built.configDigest,
    });
    expect(await digestLayers(image)).toEqual(built.layers.map(({ digest }) => digest));
  }
});

test('retry delays grow, follow Retry-After, and stop', async () => {
  const { registry, image } = await prepare();
  registry.faults.on('too-many-requests', 1);
  await digestLayer(image.layers[0]);
  expect(Math.max(...harness.clock.waits)).toBe(1_000);
  harness.clock.waits.splice(0);
  registry.faults.on('flapping');
  await expect(digestLayer(image.layers[0])).rejects.toMatchObject({ code: 'unreachable' });
  expect(harness.clock.waits).toEqual([375, 750, 1_500, 3_000, 6_000]);
});

test('a Retry-After of a day is an error and not waited for', async () => {
  const { registry, image } = await prepare();
  registry.faults.on('long-pause');
  await expect(image.layers[0]?.open()).rejects.toMatchObject({
    code: 'rate_limited',
    message: expect.stringContaining('86400 s'),
  });
  expect(harness.clock.waits).toEqual([]);
});

test('a signal aborts a download, also during a retry delay', async () => {
  const { registry, image } = await prepare();
  const leaving = new AbortController();
  registry.faults.on('slow-body');
  const stream = await image.layers[1]?.open(leaving.signal);
  const reading = (async () => {
    for await (const chunk of stream ?? []) if (chunk.length > 0) leaving.abort(new Error('left'));
  })();
  await expect(reading).rejects.toThrow('left');
});

/** A clock with real waits, and a report of each. */
function createSlowClock(): { readonly clock: Clock; pauses(count: number): Promise<void> } {
  const begun = new EventEmitter();
  const waits: number[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    wait(ms, signal) {
      waits.push(ms);
      begun.emit('wait');
      return sleep(ms, undefined, { signal: signal ?? AbortSignal.abort() });
    },
  };
  const pauses = async (count: number): Promise<void> => {
    while (waits.length < count) await once(begun, 'wait');
  };
  return { clock, pauses };
}

test.each([
  ['that the registry requests', 'too-many-requests'],
  ['before another attempt', 'flapping'],
] as const)('closing a source, and its signal, end a pause %s at once', async (_, fault) => {
  const registry = await harness.start({ retryAfterSeconds: 240 });
  registry.store.putImage('app', 'latest', await buildSample());
  registry.faults.on(fault);
  const leaving = new AbortController();
  const { clock, pauses } = createSlowClock();
  const closed = harness.open(`${registry.host}/app`, { clock });
  const left = harness.open(`${registry.host}/app`, { clock, signal: leaving.signal });
  const failures = [closed, left].map((source) => source.list('default').catch(messageOf));
  await pauses(2);
  await closed.close();
  leaving.abort(new Error('the caller aborted'));
  expect(await Promise.all(failures)).toEqual([
    expect.stringContaining('app:latest was closed'),
    'the caller aborted',
  ]);
});

test('closing a source ends the retry delay of a layer, and so does the signal of the layer', async () => {
  const { clock, pauses } = createSlowClock();
  const { registry, source, image } = await prepare({ clock });
  const leaving = new AbortController();
  registry.faults.on('flapping');
  const left = image.layers[0]?.open(leaving.signal).catch(messageOf);
  const other = image.layers[1]?.open().catch(messageOf);
  await pauses(2);
  leaving.abort(new Error('the layer is not wanted'));
  expect(await left).toBe('the layer is not wanted');
  await source.close();
  expect(await other).toContain('was closed');
});

test('closing a source aborts waiting for the rate limit', async () => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample());
  const { clock, pauses } = createSlowClock();
  const rates = { '*': [{ requests: 1, periodMs: 3_600_000 }] };
  const source = harness.open(`${registry.host}/app`, { rates, clock });
  const failed = source.list('default').catch(messageOf);
  await pauses(1);
  await source.close();
  expect(await failed).toContain('was closed');
  expect(registry.requests).toHaveLength(1);
});

test('a signal aborts the wait for a token without affecting others', async () => {
  const token = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const tokens = new TokenServer({
    async ask() {
      asked.resolve();
      await token.promise;
      return { status: 200, bytes: Buffer.from('{"token":"good"}') };
    },
    now: () => 0,
    onSecret: () => undefined,
  });
  const request = { realm: new URL('https://auth.lab/token'), scopes: [] };
  const leaving = new AbortController();
  const left = tokens.find({ ...request, signal: leaving.signal });
  const stays = tokens.find(request);
  await asked.promise;
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  token.resolve();
  expect(await stays).toBe('good');
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no error';
}

test('an unreachable registry is reported at once', async () => {
  const registry = await harness.start();
  await registry.close();
  await expect(harness.open(`${registry.host}/app`).list('default')).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  expect(harness.clock.waits).toEqual([]);
});

test('a rate limit spaces requests', async () => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample());
  const rates = { [registry.host]: [{ requests: 2, periodMs: 60_000 }] };
  const { images } = await harness.open(`${registry.host}/app`, { rates }).list('default');
  await digestLayers(firstImage(images));
  expect(registry.requests).toHaveLength(4);
  expect(harness.clock.waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(59_000);
});

test('a redirect to a private address is refused unless the host is listed', async () => {
  const { registry, image } = await prepare({ network: { privateHostsSetting: '--private-host' } });
  registry.faults.on('redirect-elsewhere');
  await expect(image.layers[0]?.open()).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(
      /named by a registry, has a private address; add it to --private-host/,
    ),
  });
});
