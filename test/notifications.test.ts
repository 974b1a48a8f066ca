/**
 * Notifications of the whole server: the configuration file, the command line, and kill -9 between
 * sending and recording.
 */
import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CollectorChange } from '@lazaret/analysis';
import { operations } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { runInside, type RunResult } from '../packages/cli/src/testing/run-program.ts';
import {
  startReceiver,
  type Receiver,
} from '../packages/server/src/testing/notification-server.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { buildApp, startWithRegistry, type RegistryInstance } from './support/registry-instance.ts';

const { notifications, access } = operations;
let home = '';
let receiver: Receiver;
let instance: Instance;
let lab: RegistryInstance;
let starting: readonly string[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-notifications-'));
  receiver = await startReceiver();
  await writeFile(join(home, 'secret'), 'of the file\n');
  const file = join(home, 'lazaret.yaml');
  const target = [
    '  - name: configured',
    '    kind: webhook',
    `    url: ${receiver.url}/configured`,
    '    events: [token.created]',
    '    allowPrivate: true',
    `    secrets: [file:${join(home, 'secret')}]`,
    '  - name: collector',
    '    kind: file',
    '    layout: collector',
    `    directory: ${join(home, 'collector')}`,
    '    events: [arrival.inspected, tag.moved, tag.disappeared]',
  ];
  await writeFile(file, ['notifications:', ...target, ''].join('\n'));
  starting = ['--config', file];
  lab = await startWithRegistry({ arguments: starting });
  ({ instance } = lab);
});
afterAll(async () => {
  await instance.close();
  await lab.registry.close();
  await receiver.close();
  await rm(home, { recursive: true, force: true });
});

async function createToken(name: string): Promise<string> {
  return (await instance.client.call(access.tokenCreate, { body: { name } })).token.id;
}

function run(...argv: string[]): Promise<RunResult> {
  const { url, adminToken } = instance;
  const variables = { LAZARET_SERVER: url, LAZARET_TOKEN: adminToken };
  return runInside(argv, { home, variables });
}

const received = (path: string): string[] =>
  receiver.requests.filter((one) => one.path === path).map(({ content }) => content.subject);

test('a target of the configuration file is used, signed, and changed there only', async () => {
  const id = await createToken('first');
  await expect.poll(() => received('/configured'), { timeout: 10_000 }).toContain(id);
  const request = receiver.requests.find(({ content }) => content.subject === id);
  const signature = createHmac('sha256', 'of the file')
    .update(request?.body ?? '')
    .digest('hex');
  expect(request?.headers['x-hub-signature-256']).toBe(`sha256=${signature}`);
  const update = await run('notifications', 'update', 'configured', '--no-enabled');
  expect(update.exitCode).not.toBe(0);
  expect(update.stderr).toContain('is defined in the configuration file of the server');
});

test('targets are added, tested and removed on the command line', async () => {
  const wrong = await run(
    ...['notifications', 'add', 'cli', 'webhook', '--url', `${receiver.url}/cli`],
    ...['--events', 'job.finishd'],
  );
  expect(wrong.stderr).toContain('did you mean job.finished?');
  const added = await run(
    ...['notifications', 'add', 'cli', 'webhook', '--url', `${receiver.url}/cli`],
    ...['--events', 'job.*', '--events', 'node.changed'],
  );
  expect([added.exitCode, added.stderr]).toEqual([0, '']);
  const refused = await run('notifications', 'test', 'cli');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('has a private address; the setting allowPrivate allows it');
  await run('notifications', 'update', 'cli', '--allow-private');
  const tested = await run('notifications', 'test', 'cli');
  expect([tested.exitCode, tested.stdout]).toEqual([
    0,
    expect.stringMatching(/^delivered to cli in \d+ ms: answered 204\n$/),
  ]);
  const listed = await run('notifications', 'list');
  expect(listed.stdout).toMatch(/cli +webhook +healthy/);
  expect((await run('notifications', 'remove', 'cli', '--yes')).exitCode).toBe(0);
}, 60_000);

/** The documents of `metadata.json`, one after the other. */
async function readMetadata(): Promise<CollectorChange[]> {
  const text = await readFile(join(home, 'collector', 'metadata.json'), 'utf8').catch(() => '');
  const documents = text.split(/^(?=\{)/m).filter(Boolean);
  return documents.map((document) => JSON.parse(document) as CollectorChange);
}

test('what arrives in a registry is written as Banyan Collector wrote it', async () => {
  const { host, store } = lab.registry;
  const first = await buildApp('first');
  store.putImage('lab/app', '1', first);
  const registry = { name: 'lab', address: host, plainHttp: true, credentials: 'none' };
  await instance.client.call(operations.registries.add, {
    body: { ...registry, pollInterval: '1s' },
  });
  const actions = async () => (await readMetadata()).map(({ Action }) => Action);
  await expect.poll(actions, { timeout: 30_000 }).toEqual(['ADD']);
  store.putImage('lab/app', '1', await buildApp('second'));
  await expect
    .poll(async () => (await actions()).toSorted(), { timeout: 30_000 })
    .toEqual(['ADD', 'ADD', 'REMOVE']);
  const changes = await readMetadata();
  const [added] = changes;
  expect(added?.ImageMetadata).toMatchObject([
    { Registry: host, Repo: 'lab/app', Tag: '1', ManifestHash: first.descriptor.digest },
  ]);
  const removed = changes.find(({ Action }) => Action === 'REMOVE');
  expect(removed?.ImageMetadata).toEqual(added?.ImageMetadata);
  const folder = join(home, 'collector', 'pkgextractscript');
  const [name = ''] = (await readdir(folder)).filter((one) =>
    one.startsWith(added?.ImageMetadata[0]?.Image.slice(0, 19) ?? '-'),
  );
  expect(name).toMatch(/^sha256:[0-9a-f]{12}-pkgdata\.json$/);
  expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toEqual([
    {
      ...{ Image: added?.ImageMetadata[0]?.Image, DistroName: 'Debian GNU/Linux 13 (trixie)' },
      ...{ DistroID: expect.any(String), Pkg: 'bash', Version: '5.2.37-2', Architecture: 'amd64' },
    },
  ]);
  await instance.client.call(operations.registries.remove, { params: { name: 'lab' } });
}, 90_000);

test('killed after sending and before recording, the server sends again with the same id', async () => {
  await instance.client.call(notifications.add, {
    body: {
      ...{ name: 'slow', kind: 'webhook', url: `${receiver.url}/slow`, allowPrivate: true },
      events: ['token.created'],
    },
  });
  receiver.answer = ({ path }) => ({ silent: path === '/slow' });
  const ids = [await createToken('second'), await createToken('third')];
  await expect.poll(() => received('/slow'), { timeout: 10_000 }).toEqual([ids[0]]);
  await instance.kill();
  receiver.answer = () => ({});
  const { dataDirectory } = instance;
  instance = await startInstance({ dataDirectory, arguments: starting });
  // The lease of the killed process ends on its own; resuming does not wait for it.
  for (const name of ['slow', 'configured']) {
    await instance.client.call(notifications.resume, { params: { name } });
  }
  await expect.poll(() => received('/slow'), { timeout: 30_000 }).toEqual([ids[0], ids[0], ids[1]]);
  const sent = receiver.requests.filter(({ path }) => path === '/slow');
  const [first, second] = sent.map(({ headers }) => headers['webhook-id']);
  expect(first).toBe(second);
  await expect
    .poll(() => received('/configured'), { timeout: 60_000 })
    .toEqual(expect.arrayContaining(ids));
  const show = () => instance.client.call(notifications.show, { params: { name: 'slow' } });
  await expect.poll(async () => (await show()).counts).toMatchObject({ queued: 0, delivered: 2 });
}, 120_000);
