/** The subject of each event is of the kind that its type declares, in a running instance. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import {
  eventKinds,
  operations,
  subjectSchemas,
  type AuditEntry,
  type Event,
  type EventType,
  type JobDetail,
} from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { engineFolders, type Instance } from './support/instance.ts';
import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  type RegistryInstance,
} from './support/registry-instance.ts';
import { addPerson, mintToken, visit } from './support/visit.ts';

type Seen = Pick<Event, 'type' | 'subject'>;

/** Not triggered here: they need a stopping process, a failing node or exact timing. */
const notProvoked: readonly EventType[] = [
  // packages/server/src/quarantine/decide-actions.test.ts
  ...(['image.purged', 'action.proposed', 'action.rejected', 'action.failed'] as const),
  'system.stopped',
  'node.changed',
  'inspection.cancelled',
  // These need the role gate in front of a registry: packages/server/src/gate.
  'pull.denied',
  'pull.held',
  'pull.bypassed',
  'admission.denied',
];

let lab: RegistryInstance;
let instance: Instance;
const seen: Seen[] = [];
const stop = new AbortController();

beforeAll(async () => {
  const scripts = JSON.stringify({ enabled: true, defaults: false });
  const options = { arguments: ['--scripts', scripts], engines: [engineFolders.strings] };
  lab = await startWithRegistry(options);
  ({ instance } = lab);
});
afterAll(async () => {
  stop.abort();
  await lab.close();
});

async function collect(): Promise<void> {
  const { client } = instance;
  const stream = client.stream(operations.events.stream, {}, { signal: stop.signal });
  try {
    for await (const { data } of stream) seen.push(data as Event);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

async function changeAccess(): Promise<void> {
  const { client, url } = instance;
  const { access } = operations;
  await client.call(access.projectCreate, { body: { name: 'red' } });
  await client.call(access.projectCreate, { body: { name: 'short-lived' } });
  await client.call(access.projectDelete, { params: { name: 'short-lived' } });
  const person = await addPerson(instance, 'ann', [{ role: 'viewer', project: 'red' }]);
  const params = { name: person.name };
  await client.call(access.userUpdate, { params, body: { displayName: 'Ann' } });
  await client.call(access.userLink, { params });
  await client.call(access.passwordChange, { params, body: { password: 'another long phrase' } });
  await addPerson(instance, 'ben', []);
  const visitor = (await addPerson(instance, 'eve', [])).session;
  await mintToken(instance, visitor, {});
  const tokens = await client.call(access.tokenList, { query: { owner: 'eve' } });
  const [token] = tokens.items;
  await client.call(access.tokenRevoke, { params: { id: token?.id ?? '' } });
  await visit(url, operations.engines.remove, { visitor, params: { name: 'strings' } });
  await visit(url, access.sessionDelete, { visitor });
  await visit(url, access.sessionCreate, { body: { name: 'eve', password: 'wrong password' } });
  await client.call(access.userDelete, { params: { name: 'ben' } });
}

async function runJobs(): Promise<void> {
  const { client } = instance;
  const { jobs, artifacts, engines, nodes } = operations;
  const [node] = (await client.call(nodes.list, {})).items;
  const name = node?.name ?? '';
  const artifact = await client.call(artifacts.upload, { query: { name: 'a' }, body: 'a sample' });
  const body = { engine: 'strings', inputs: [{ sha256: artifact.sha256 }] };
  const done = await client.call(jobs.submit, { body });
  const query = { waitSeconds: 50 };
  const ended: JobDetail = await client.call(jobs.show, { params: { id: done.id }, query });
  expect(ended.state).toBe('succeeded');
  const params = { id: done.id };
  await (await client.open(jobs.result, { params })).arrayBuffer();
  await (await client.open(jobs.result, { params, query: { preview: true } })).arrayBuffer();
  await client.call(nodes.update, { params: { name }, body: { schedulable: false } });
  const waiting = await client.call(jobs.submit, { body });
  await client.call(jobs.cancel, { params: { id: waiting.id } });
  await client.call(nodes.update, { params: { name }, body: { schedulable: true } });
  await client.call(engines.update, { params: { name: 'strings' }, body: { enabled: false } });
  await client.call(engines.update, { params: { name: 'strings' }, body: { enabled: true } });
  const folder = join(instance.dataDirectory, 'engines');
  await writeFile(join(folder, 'broken.yaml'), 'name: [');
  await expect.poll(() => seen.map(({ type }) => type)).toContain('engine.refused');
}

async function watchRegistry(): Promise<void> {
  const { client } = instance;
  const { registries } = operations;
  const { host, store } = lab.registry;
  const body = { name: 'watched', address: host, plainHttp: true, pollInterval: '1s' };
  store.putImage('lab/watched', '1', await buildApp('first'));
  const params = { name: 'watched' };
  await client.call(registries.add, { body: { ...body, credentials: 'none' } });
  const sawTag = (change: string) =>
    expect
      .poll(() => seen.map(({ type, subject }) => `${type} ${subject}`), { timeout: 20_000 })
      .toContain(`tag.${change} ${host}/lab/watched:1`);
  await sawTag('appeared');
  const sawArrival = (type: string) =>
    expect.poll(() => seen.map((one) => one.type), { timeout: 20_000 }).toContain(type);
  await sawArrival('arrival.inspected');
  const broken = await buildApp('without its configuration');
  const manifest = Buffer.from(broken.blobs.get(broken.descriptor.digest) ?? []).toString('utf8');
  const { config } = JSON.parse(manifest) as { config: { digest: string } };
  store.putImage('lab/watched', 'broken', broken);
  store.blobs.delete(config.digest);
  await sawArrival('arrival.failed');
  store.putImage('lab/watched', '1', await buildApp('second'));
  await sawTag('moved');
  store.repository('lab/watched').tags.delete('1');
  await sawTag('disappeared');
  await client.call(registries.check, { params });
  await client.call(registries.update, { params, body: { enabled: false } });
  await client.call(registries.remove, { params });
}

async function receiveNotifications(): Promise<void> {
  const { client } = instance;
  const { registries, hooks } = operations;
  const params = { name: 'reporting' };
  const registry = { ...params, address: 'reporting.example.test', enabled: false };
  await client.call(registries.add, { body: registry });
  const body = { ...params, registry: 'reporting', kind: 'zot' } as const;
  const { url, generatedSecret } = await client.call(hooks.add, { body });
  const authorization = generatedSecret ?? '';
  await fetch(url, { method: 'POST', headers: { authorization: 'wrong' } });
  await fetch(url, { method: 'POST', headers: { authorization }, body: 'unknown' });
  const sawHook = (type: string) =>
    expect.poll(() => seen.map((one) => one.type), { timeout: 20_000 }).toContain(type);
  await sawHook('hook.dead_lettered');
  await sawHook('hook.delivery_refused');
  const { items } = await client.call(hooks.deliveries, { query: { hook: 'reporting' } });
  await client.call(hooks.replay, { params: { id: items[0]?.id ?? '' } });
  await client.call(hooks.update, { params, body: { ignoreActors: ['lazaret'] } });
  await client.call(hooks.remove, { params });
}

async function notifyTargets(): Promise<void> {
  const { client } = instance;
  const { notifications } = operations;
  let status = 400;
  const receiver = createServer((_, response) => response.writeHead(status).end());
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const params = { name: 'receiver' };
  const target = { ...params, kind: 'webhook', url: `http://127.0.0.1:${port}` } as const;
  await client.call(notifications.add, {
    body: { ...target, events: ['token.created'], allowPrivate: true },
  });
  const sawNotification = (type: string) =>
    expect.poll(() => seen.map((one) => one.type), { timeout: 20_000 }).toContain(type);
  await client.call(operations.access.tokenCreate, { body: { name: 'for a dead letter' } });
  await sawNotification('notification.dead_lettered');
  status = 410;
  await client.call(notifications.replayAll, { params });
  await sawNotification('notification.target_paused');
  status = 204;
  await client.call(notifications.resume, { params });
  await client.call(notifications.test, { params });
  await client.call(notifications.update, { params, body: { events: ['job.*'] } });
  await client.call(notifications.remove, { params });
  receiver.close();
}

async function quarantineImages(): Promise<void> {
  const { client } = instance;
  const { registries, quarantine, actions } = operations;
  const { host, store } = lab.registry;
  const built = await buildApp('infected');
  store.putImage('lab/infected', '1', built);
  const settings = { plainHttp: true, credentials: 'none', enabled: false };
  await client.call(registries.add, { body: { name: 'acting', address: host, ...settings } });
  const image = `${host}/lab/infected:1@${built.descriptor.digest}`;
  const reason = 'malware';
  await inspectAndWait(client, { reference: image });
  await client.call(actions.attach, { body: { image } });
  const { id, state } = await client.call(quarantine.add, { body: { image, reason } });
  expect(state).toBe('quarantined');
  await client.call(quarantine.release, { params: { id }, body: { reason } });
}

async function runScripts(): Promise<void> {
  const { client } = instance;
  const { scripts } = operations;
  const built = await buildApp('looked into by scripts');
  lab.registry.store.putImage('lab/scripts', '1', built);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/scripts:1` });
  const params = { name: 'check.sh' };
  const listing = { complete: ['deb'], packages: [] };
  const add = (text: string) => {
    const content = Buffer.from(text).toString('base64');
    const body = { ...params, kind: 'shell', content, format: 'json' } as const;
    return client.call(scripts.add, { body });
  };
  await add(`echo '${JSON.stringify(listing)}'`);
  await client.call(scripts.pause, {});
  await client.call(scripts.resume, {});
  const sawScript = (type: string) =>
    expect.poll(() => seen.map((one) => one.type), { timeout: 30_000 }).toContain(type);
  await sawScript('script.disagreed');
  await add('echo no JSON');
  await sawScript('script.failed');
  await writeFile(join(instance.dataDirectory, 'scripts', 'invalid name.sh'), 'echo');
  await sawScript('script.refused');
  await client.call(scripts.remove, { params });
}

async function changePolicies(): Promise<void> {
  const { client } = instance;
  const { policies, exceptions } = operations;
  const rules = "rules: [{ id: all, condition: 'true' }]";
  const document = `schema: lazaret-policy/1\nname: app\n${rules}\n`;
  await client.call(policies.apply, { body: { document } });
  await client.call(policies.remove, { params: { name: 'app' } });
  await writeFile(join(instance.dataDirectory, 'policies', 'broken.yaml'), 'schema: [');
  const body = { rule: 'all', reason: 'pilot', expires: '2099-01-01' };
  const { id } = await client.call(exceptions.add, { body });
  await client.call(exceptions.remove, { params: { id } });
  expect(await client.call(exceptions.show, { params: { id } })).toMatchObject({
    state: 'removed',
  });
  const vex = JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', statements: [] });
  const query = { name: 'vendor', expires: '2099-01-01' };
  await client.call(exceptions.importVex, { query, body: vex });
}

async function inspectImages(): Promise<void> {
  const { client } = instance;
  const { images, files } = operations;
  const built = await buildApp('only in this image');
  lab.registry.store.putImage('lab/app', '1', built);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/app:1` });
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/no-such-image:1` });
  const params = { digest: built.descriptor.digest };
  const found = await client.call(images.files, { params, query: { parent: 'app' } });
  const sha256 = found.items.find((file) => file.name === 'own')?.sha256 ?? '';
  await client.call(files.preview, { params: { sha256 } });
  await (await client.open(files.download, { params: { sha256 } })).arrayBuffer();
  await client.call(files.submit, { params: { sha256 }, body: { engine: 'strings' } });
  await client.call(images.remove, { params });
  await rm(join(instance.dataDirectory, 'engines', 'strings.yaml'));
}

/** Entries from before the stream was opened, such as the start of the system. */
async function readAudit(): Promise<AuditEntry[]> {
  const { auditList } = operations.events;
  const { items } = await instance.client.call(auditList, { query: { limit: 200 } });
  return items;
}

test('every event has a subject of the kind that its type declares', async () => {
  void collect();
  // The stream starts with events after it was opened.
  await expect
    .poll(
      async () => {
        const body = { name: `t${seen.length}${Date.now()}` };
        await instance.client.call(operations.access.tokenCreate, { body });
        return seen.length;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await changeAccess();
  await runJobs();
  await inspectImages();
  await watchRegistry();
  await receiveNotifications();
  await notifyTargets();
  await quarantineImages();
  await changePolicies();
  await runScripts();
  const expected = Object.keys(eventKinds).filter(
    (type) => !notProvoked.includes(type as EventType),
  );
  await expect
    .poll(
      async () => {
        const types = new Set([...seen, ...(await readAudit())].map(({ type }) => type));
        return expected.filter((type) => !types.has(type as EventType));
      },
      { timeout: 30_000 },
    )
    .toEqual([]);
  const wrong = [...seen, ...(await readAudit())].filter(
    ({ type, subject }) => !subjectSchemas[eventKinds[type].subject].safeParse(subject).success,
  );
  expect(wrong).toEqual([]);
}, 240_000);
