/** Requests of webhooks: signatures, formats, and what is refused. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Lookup } from '@lazaret/oci/registry';
import type { TargetTest } from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  startNotificationServer,
  startReceiver,
  type NotificationServer,
  type ReceivedRequest,
  type Receiver,
} from '../testing/notification-server.ts';

const run = promisify(execFile);
let database: TestDatabase;
let server: NotificationServer;
let receiver: Receiver;
let directory = '';

/** Names of the tests; the system is not asked. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  'private.test': ['10.0.0.1'],
  'mixed.test': ['93.184.215.14', '127.0.0.1'],
};
const lookup: Lookup = (hostname, _, callback) => {
  const found = addresses[hostname] ?? [];
  const error = Object.assign(new Error(hostname), { code: 'ENOTFOUND' });
  if (found.length === 0) callback(error, '');
  else
    callback(
      null,
      found.map((address) => ({ address, family: 4 })),
    );
};

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-notifications-'));
  server = await startNotificationServer(database, {
    ...{ directory, lookup, publicUrl: 'https://lazaret.example.test/sub/' },
    environment: { NOTIFICATION_KEY: 'a key', PATH: '/bin' },
  });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await database.handle.pool.query('delete from notification_targets');
});

async function testTarget(name: string): Promise<TargetTest> {
  return (await server.call('test', { path: name })).body;
}

async function receiveOne(more: Readonly<Record<string, unknown>>): Promise<ReceivedRequest> {
  await server.addWebhook('hook', receiver.url, { events: ['image.*'], ...more });
  await server.emit({
    ...{ type: 'image.inspected', subject: `sha256:${'a'.repeat(64)}`, project: 'default' },
    data: { name: 'lab/app:1`<!channel>`', verdict: 'malicious' },
  });
  await expect.poll(() => receiver.requests.length).toBe(1);
  const [request] = receiver.requests;
  if (request === undefined) throw new Error('no request');
  return request;
}

test('the body is the event, signed with every secret as Standard Webhooks says', async () => {
  const key = Buffer.from('another key that is long enough');
  await writeFile(join(directory, 'next'), `whsec_${key.toString('base64')}\n`);
  const { headers, body } = await receiveOne({ secrets: ['env:NOTIFICATION_KEY', 'file:next'] });
  expect(JSON.parse(body)).toEqual({
    ...{ type: 'image.inspected', project: 'default', actor: 'test' },
    ...{ timestamp: expect.any(String), summary: 'A new report of an image was stored' },
    subject: `sha256:${'a'.repeat(64)}`,
    data: { name: 'lab/app:1`<!channel>`', verdict: 'malicious' },
    url: `https://lazaret.example.test/sub/console/images/sha256%3A${'a'.repeat(64)}`,
  });
  const signed = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`;
  const expected = ['a key', key].map(
    (secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
  );
  expect(headers['webhook-signature']).toBe(expected.join(' '));
  const plain = createHmac('sha256', 'a key').update(body).digest('hex');
  expect(headers['x-hub-signature-256']).toBe(`sha256=${plain}`);
  expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(60);
  expect(headers['content-type']).toBe('application/json');
});

test('CloudEvents have the attributes of version 1.0', async () => {
  const { headers, body } = await receiveOne({ format: 'cloudevents' });
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(JSON.parse(body)).toMatchObject({
    ...{ specversion: '1.0', type: 'image.inspected', subject: `sha256:${'a'.repeat(64)}` },
    ...{ id: headers['webhook-id'], source: 'https://lazaret.example.test/sub/' },
    ...{ datacontenttype: 'application/json', data: { data: { verdict: 'malicious' } } },
  });
});

test('text for chats has no markup, mention or link that a name could bring', async () => {
  const { body } = await receiveOne({ format: 'slack' });
  const { text } = JSON.parse(body) as { text: string };
  expect(Object.keys(JSON.parse(body) as object)).toEqual(['text']);
  const lines = text.split('\n');
  expect(lines[0]).toBe(
    `\`A new report of an image was stored: sha256:${'a'.repeat(64)} (malicious)\``,
  );
  expect(lines).toContain("`name` `lab/app:1'&lt;!channel&gt;'`");
  for (const line of lines) expect(line).toMatch(/^`[^`]*`( `[^`]*`)?$/);
});

test('secrets are read at each use, and only from their places', async () => {
  const file = join(directory, 'token');
  await writeFile(file, 'Bearer first');
  await server.addWebhook('hook', receiver.url, { authorization: 'file:token' });
  await testTarget('hook');
  await writeFile(file, 'Bearer second');
  await testTarget('hook');
  const sent = receiver.requests.map(({ headers }) => headers.authorization);
  expect(sent).toEqual(['Bearer first', 'Bearer second']);
  await rm(file);
  const missing = await testTarget('hook');
  expect(missing).toMatchObject({ ok: false, status: null });
  expect(missing.detail).toContain('cannot be read (ENOENT)');
  await symlink('/etc/hostname', file);
  expect((await testTarget('hook')).detail).toContain('is not in the directory');
  await server.addWebhook('outside', receiver.url, { secrets: ['file:/etc/hostname'] });
  expect((await testTarget('outside')).detail).toContain('is not in the directory');
  const body = { name: 'x', kind: 'webhook', url: receiver.url, events: ['*'] };
  const refused = await server.call('add', { body: { ...body, secrets: ['env:PATH'] } });
  expect(refused.status).toBe(400);
  expect((refused.body as { detail: string }).detail).toContain('begins with NOTIFICATION_');
  expect(receiver.requests).toHaveLength(2);
});

test.each([
  ['http://127.0.0.1:9/', '127.0.0.1:9'],
  ['http://localhost:9/', 'localhost:9'],
  ['http://2130706433:9/', '127.0.0.1:9'],
  ['http://0x7f.1:9/', '127.0.0.1:9'],
  ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
  ['http://10.1.2.3/', '10.1.2.3'],
  ['http://100.64.0.1/', '100.64.0.1'],
  ['http://0.0.0.0:9/', '0.0.0.0:9'],
  ['http://[::1]:9/', '[::1]:9'],
  ['http://[::ffff:127.0.0.1]:9/', '[::ffff:7f00:1]:9'],
  ['http://[64:ff9b::7f00:1]/', '[64:ff9b::7f00:1]'],
  ['http://[fe80::1]/', '[fe80::1]'],
  ['http://[fd00::1]/', '[fd00::1]'],
  ['https://private.test/', 'private.test'],
  ['https://mixed.test/', 'mixed.test'],
])('%s is not connected to without allowPrivate', async (url, host) => {
  await server.addWebhook('guarded', url, { allowPrivate: false });
  expect(await testTarget('guarded')).toMatchObject({
    ...{ ok: false, status: null },
    detail: `${host} has a private address; the setting allowPrivate allows it`,
  });
});

test('redirects are not followed, and nothing of the answer is trusted', async () => {
  const other = await startReceiver();
  try {
    receiver.answer = () => ({ status: 307, headers: { location: `${other.url}/x` } });
    await server.addWebhook('hook', receiver.url);
    const redirected = await testTarget('hook');
    expect(redirected).toMatchObject({ ok: false, status: 307 });
    expect(redirected.detail).toContain('which is not followed');
    expect(other.requests).toEqual([]);
    receiver.answer = () => ({ status: 500, body: `\u001b[31m\u202e${'x'.repeat(1_000_000)}` });
    const { detail } = await testTarget('hook');
    expect(detail).toMatch(/^answered 500: \\x1b\[31m\\u202ex+…$/);
    expect(detail.length).toBeLessThan(600);
  } finally {
    await other.close();
  }
});

test('a connection that is refused and a name without address are failures', async () => {
  await receiver.close();
  await server.addWebhook('closed', receiver.url);
  expect((await testTarget('closed')).detail).toContain('connection refused (ECONNREFUSED)');
  await server.addWebhook('unknown', 'https://no-such-host.test/');
  expect((await testTarget('unknown')).detail).toContain('host not found (ENOTFOUND)');
});

test('the signature can be verified with openssl as the documentation says', async () => {
  const text = await run('sed', ['-n', '/^```sh verify/,/^```$/p', 'docs/notifications.md'], {
    cwd: join(import.meta.dirname, '../../../..'),
  });
  const script = text.stdout.replaceAll(/^```.*$/gm, '');
  expect(script).toContain('openssl');
  const { headers, body } = await receiveOne({ secrets: ['env:NOTIFICATION_KEY'] });
  const verify = (content: string) =>
    run('sh', ['-euc', script], {
      env: {
        ...{ PATH: '/usr/bin:/bin', SECRET: 'a key', BODY: content },
        ...{ ID: String(headers['webhook-id']), TIMESTAMP: String(headers['webhook-timestamp']) },
        SIGNATURE: String(headers['webhook-signature']),
      },
    }).then(
      ({ stdout }) => stdout.trim(),
      ({ stdout }: { stdout: string }) => stdout.trim(),
    );
  expect(await verify(body)).toBe('valid');
  expect(await verify(`${body} `)).toBe('invalid');
});
