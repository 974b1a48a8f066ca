/**
 * Quarantine with real parts: Debian's docker-registry with its garbage collection, skopeo as a
 * client that pulls, the whole server with its commands, and kill -9 of the server.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations, type Client, type QuarantineItemDetail } from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  startDebianRegistry,
  type DebianRegistry,
} from '../packages/oci/src/testing/debian-registry.ts';
import { pushImage } from '../packages/oci/src/testing/push-image.ts';
import { repository as sources, startInstance, type Instance } from './support/instance.ts';
import { buildApp, inspectAndWait } from './support/registry-instance.ts';

const run = promisify(execFile);
const { actions, policies, quarantine, registries } = operations;
let registry: DebianRegistry;
let instance: Instance;
let directory = '';
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-quarantine-'));
  registry = await startDebianRegistry();
  instance = await startInstance();
  await configure(instance.client, registry.host);
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});
afterAll(async () => {
  await instance.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

/** A registry that is not polled: nothing but the requests of the tests happens. */
async function configure(client: Client, address: string): Promise<void> {
  const body = { name: 'lab', address, plainHttp: true, credentials: 'none', enabled: false };
  await client.call(registries.add, { body });
}

async function push(host: string, repository: string, ...tags: string[]): Promise<string> {
  const image = await buildApp(`${repository} ${tags.join(' ')}`);
  for (const tag of tags) await pushImage({ origin: `http://${host}`, repository, tag }, image);
  return image.descriptor.digest;
}

/** What skopeo pulls, byte for byte; throws what skopeo says. */
async function pull(reference: string, name: string): Promise<string> {
  const place = join(directory, name);
  await run('skopeo', [
    ...['copy', '--src-tls-verify=false', '--preserve-digests'],
    ...[`docker://${reference}`, `dir:${place}`],
  ]);
  return readFile(join(place, 'manifest.json'), 'utf8');
}

async function lazaret(...words: readonly string[]): Promise<string> {
  const program = join(sources, 'packages', 'cli', 'bin', 'lazaret.mjs');
  const env = { ...process.env, LAZARET_SERVER: instance.url, LAZARET_TOKEN: instance.adminToken };
  const { stdout } = await run(process.execPath, [program, ...words], { env });
  return stdout;
}

async function settle(client: Client, id: string): Promise<QuarantineItemDetail> {
  for (;;) {
    const query = { waitSeconds: 20 };
    const found = await client.call(quarantine.show, { params: { id }, query });
    if (found.state !== 'preparing') return found;
  }
}

test('a quarantined image cannot be pulled, and can after garbage collection and release', async () => {
  const { client } = instance;
  const { host } = registry;
  const digest = await push(host, 'lab/app', '1', 'latest');
  const clean = await push(host, 'lab/app', 'clean');
  const image = `${host}/lab/app:1@${digest}`;
  await inspectAndWait(client, { reference: image });
  const attached = await lazaret('images', 'attach-verdict', image, '-o', 'json');
  expect(JSON.parse(attached)).toMatchObject({ state: 'done', outcome: 'attached' });
  const before = await pull(`${host}/lab/app:1`, 'before');
  const verdict = await pull(`${host}/lab/app:${digest.replace(':', '-')}`, 'referrers').catch(
    (error: unknown) => String(error),
  );
  const shortened = image.slice(0, -50);
  const plan = await lazaret('quarantine', 'plan', shortened, '-o', 'json');
  expect(JSON.parse(plan)).toMatchObject({
    ...{ tags: ['1', 'latest'], unconfirmed: ['latest'], deletion: 'enabled', manifests: 3 },
  });
  await expect(lazaret('quarantine', 'add', image, '--reason', 'malware')).rejects.toThrow(
    'with 127.0.0.1',
  );
  const words = ['--confirm', 'latest', '--reason', 'malware', '-o', 'json'];
  const item = JSON.parse(await lazaret('quarantine', 'add', image, ...words)) as { id: string };
  expect(item).toMatchObject({ state: 'quarantined', tags: ['1', 'latest'] });
  for (const reference of [`${host}/lab/app:1`, `${host}/lab/app@${digest}`]) {
    await expect(pull(reference, 'denied')).rejects.toThrow('manifest unknown');
  }
  await registry.collectGarbage();
  expect(await pull(`${host}/lab/app:clean`, 'clean')).toContain('schemaVersion');
  await lazaret('quarantine', 'release', item.id, '--reason', 'false alarm');
  expect(await pull(`${host}/lab/app:latest`, 'after')).toBe(before);
  expect(await pull(`${host}/lab/app@${clean}`, 'clean')).toContain('schemaVersion');
  const again = await pull(`${host}/lab/app:${digest.replace(':', '-')}`, 'again').catch(
    (error: unknown) => String(error),
  );
  expect(again.replaceAll(/again|referrers/g, '')).toBe(verdict.replaceAll(/again|referrers/g, ''));
  const shown = await client.call(quarantine.show, { params: { id: item.id } });
  expect(shown.actions.map(({ kind, state, outcome }) => [kind, state, outcome])).toEqual([
    ['release', 'done', 'released'],
    ['quarantine', 'done', 'quarantined'],
  ]);
  expect(await lazaret('actions', 'list')).toContain('attached');
});

test('a registry without deletion keeps the image, which is blocked and says why', async () => {
  const other = await startDebianRegistry({ deletes: false });
  open.push(other);
  const { client } = instance;
  const body = { name: 'kept', address: other.host, plainHttp: true, credentials: 'none' };
  await client.call(registries.add, { body: { ...body, enabled: false } });
  const digest = await push(other.host, 'lab/app', '1');
  const image = `${other.host}/lab/app:1@${digest}`;
  const item = await client.call(quarantine.add, { body: { image, reason: 'malware' } });
  expect(item).toMatchObject({
    state: 'blocked',
    action: { state: 'done', problem: { code: 'deletion_disabled' } },
  });
  expect(await pull(`${other.host}/lab/app:1`, 'kept')).toContain('schemaVersion');
});

const policy = `
schema: lazaret-policy/1
name: strict
actions: { quarantine: { enabled: true, dryRun: false, perHour: 5 } }
rules:
  - id: no-bash
    appliesTo: { repositories: ['judged/**'] }
    require: { package: { name: bash, installed: false } }
    actions: [attach, quarantine]
`;

test('a policy takes a pushed image out, and not again after a person released it', async () => {
  const { client } = instance;
  const { host } = registry;
  await client.call(policies.apply, { body: { document: policy } });
  const body = { enabled: true, repositories: ['judged/**'], pollInterval: '1s' };
  await client.call(registries.update, { params: { name: 'lab' }, body });
  const digest = await push(host, 'judged/app', '1');
  const seen = async (): Promise<string[]> => {
    const { items } = await client.call(actions.list, { query: { digest } });
    return items.map(({ kind, state }) => `${kind} ${state}`).toReversed();
  };
  await expect
    .poll(seen, { timeout: 60_000, interval: 100 })
    .toEqual(['attach done', 'quarantine done']);
  await expect(pull(`${host}/judged/app:1`, 'judged')).rejects.toThrow('manifest unknown');
  const { items } = await client.call(quarantine.list, { query: { digest } });
  expect(items).toMatchObject([{ state: 'quarantined', createdBy: 'policy', tags: ['1'] }]);
  // Known to be gone before any poll.
  const gone = { params: { name: 'lab' }, query: { repository: 'judged/app', present: false } };
  const absent = await client.call(registries.tags, gone);
  expect(absent.items.map(({ tag }) => tag)).toContain('1');
  const history = { params: { name: 'lab' }, query: { repository: 'judged/app', tag: '1' } };
  expect((await client.call(registries.history, history)).items[0]).toMatchObject({
    ...{ change: 'disappeared', source: 'quarantine', previous: digest },
  });
  const params = { id: items[0]?.id ?? '' };
  await client.call(quarantine.release, { params, body: { reason: 'needed for the demo' } });
  // The image arrives again, and the policy decides the same; now a person has to approve.
  await expect
    .poll(async () => (await seen()).at(-1), { timeout: 60_000, interval: 100 })
    .toBe('quarantine proposed');
  await client.call(registries.update, { params: { name: 'lab' }, body: { enabled: false } });
  expect(await pull(`${host}/judged/app:1`, 'released')).toContain('schemaVersion');
}, 180_000);

test('after kill -9 of the server a quarantine and a release end', async () => {
  const { host } = registry;
  const { dataDirectory } = instance;
  const digest = await push(host, 'lab/killed', '1');
  const body = { image: `${host}/lab/killed:1@${digest}`, reason: 'malware' };
  const { id } = await instance.client.call(quarantine.add, { body, query: { waitSeconds: 0 } });
  await instance.kill();
  instance = await startInstance({ dataDirectory });
  expect((await settle(instance.client, id)).state).toBe('quarantined');
  await expect(pull(`${host}/lab/killed:1`, 'killed')).rejects.toThrow('manifest unknown');
  const release = { params: { id }, body: { reason: 'false alarm' }, query: { waitSeconds: 0 } };
  await instance.client.call(quarantine.release, release);
  await instance.kill();
  instance = await startInstance({ dataDirectory });
  await expect
    .poll(async () => (await instance.client.call(quarantine.show, { params: { id } })).state, {
      timeout: 60_000,
    })
    .toBe('released');
  expect(await pull(`${host}/lab/killed:1`, 'released')).toContain('schemaVersion');
}, 180_000);
