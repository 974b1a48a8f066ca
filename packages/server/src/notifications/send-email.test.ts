/** Mails to a real mail server: protection, sign-in, digests, hostile names. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { issueCertificates } from '@lazaret/oci/testing';
import type { Lookup } from '@lazaret/oci/registry';
import type { TargetTest } from '@lazaret/protocol';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  startMailServer,
  type MailServer,
  type MailServerOptions,
} from '../testing/mail-server.ts';
import {
  startNotificationServer,
  type NotificationServer,
} from '../testing/notification-server.ts';

const certificates = issueCertificates(['mail.test']);
let database: TestDatabase;
let server: NotificationServer;
let directory = '';
const open: MailServer[] = [];

/** Every name is this machine. */
const lookup: Lookup = (_, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-notifications-'));
  await writeFile(join(directory, 'ca.pem'), certificates.ca);
  await writeFile(join(directory, 'mail'), 'robot:pass:word\n');
  server = await startNotificationServer(database, { directory, lookup });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await database.handle.pool.query('delete from notification_targets');
});

async function start(options: MailServerOptions = {}): Promise<MailServer> {
  const mail = await startMailServer(options);
  open.push(mail);
  return mail;
}

async function addMail(port: number, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { status, body } = await server.call('add', {
    body: {
      ...{ name: 'team', kind: 'email', server: `mail.test:${port}`, tls: 'none' },
      ...{ from: 'lazaret@example.test', to: ['one@example.test', 'two@example.test'] },
      ...{ events: ['image.*', 'job.*'], allowPrivate: true, ...more },
    },
  });
  expect(body).toMatchObject({ name: 'team' });
  expect(status).toBe(201);
}

async function sendTest(): Promise<TargetTest> {
  return (await server.call('test', { path: 'team' })).body;
}

test('an event is a mail of plain text, whatever its names contain', async () => {
  const mail = await start();
  await addMail(mail.port);
  const name = 'x\r\nBcc: victim@example.test\r\n\r\n<b>hello</b>\u202e\u0000';
  await server.emit({
    ...{ type: 'image.inspected', subject: `evil\r\nBcc: victim@example.test`, actor: 'inspector' },
    data: { name, verdict: 'malicious', layers: [1, 2] },
  });
  await expect.poll(() => mail.mails.length).toBe(1);
  const [received] = mail.mails;
  expect(received?.to).toEqual(['one@example.test', 'two@example.test']);
  expect(received?.from).toBe('lazaret@example.test');
  expect(Object.keys(received?.headers ?? {}).toSorted()).toEqual([
    ...['auto-submitted', 'content-transfer-encoding', 'content-type', 'date', 'from'],
    ...['message-id', 'mime-version', 'subject', 'to'],
  ]);
  expect(received?.headers['subject']).toBe(
    String.raw`A new report of an image was stored: evil\r\nBcc: victim@example.test (malicious)`,
  );
  expect(received?.head).not.toMatch(/^Bcc/im);
  expect(received?.contentType).toBe('text/plain');
  const lines = received?.text.split(/\r?\n/) ?? [];
  expect(lines.find((line) => line.startsWith('name'))).toBe(
    String.raw`name     x\r\nBcc: victim@example.test\r\n\r\n<b>hello</b>\u202e␀`,
  );
  expect(lines).toContain('verdict  malicious');
  expect(lines).toContain('layers   [1,2]');
});

test('a digest is one mail for the events of a while', async () => {
  const mail = await start();
  await addMail(mail.port, { digest: '1s' });
  await server.emit({ type: 'job.moved', subject: 'a' }, { type: 'job.finished', subject: 'b' });
  await server.emit({ type: 'job.moved', subject: 'c' });
  await expect.poll(() => mail.mails.length, { timeout: 10_000 }).toBe(1);
  const [received] = mail.mails;
  expect(received?.headers['subject']).toBe('3 events for team');
  const found = [...(received?.text.matchAll(/^subject +(\w+)/gm) ?? [])].map(([, one]) => one);
  expect(found).toEqual(['a', 'b', 'c']);
  await expect
    .poll(async () => (await server.deliveries('team')).map(({ state }) => state))
    .toEqual(['delivered', 'delivered', 'delivered']);
});

test('STARTTLS and sign-in: the certificate is verified for the name of the server', async () => {
  const mail = await start({ tls: certificates.server, credentials: 'robot:pass:word' });
  const settings = { tls: 'starttls', credentials: 'file:mail' };
  await addMail(mail.port, settings);
  const untrusted = await sendTest();
  expect(untrusted.ok).toBe(false);
  expect(untrusted.detail).toMatch(/certificate/);
  await server.call('update', { path: 'team', body: { caFile: 'ca.pem' } });
  expect(await sendTest()).toMatchObject({ ok: true, status: 250 });
  expect(mail.mails).toMatchObject([{ user: 'robot', tls: true }]);
  await server.call('update', { path: 'team', body: { server: `other.test:${mail.port}` } });
  expect((await sendTest()).detail).toMatch(/altnames/i);
  await writeFile(join(directory, 'mail'), 'robot:wrong\n');
  await server.call('update', { path: 'team', body: { server: `mail.test:${mail.port}` } });
  const wrong = await sendTest();
  expect(wrong).toMatchObject({ ok: false, status: 535 });
  expect(wrong.detail).not.toContain('wrong');
});

test('TLS from the start', async () => {
  const mail = await start({ tls: certificates.server, implicit: true });
  await addMail(mail.port, { tls: 'implicit', caFile: 'ca.pem' });
  expect(await sendTest()).toMatchObject({ ok: true });
  expect(mail.mails).toMatchObject([{ tls: true }]);
});

test('nothing is sent without protection when STARTTLS is not offered', async () => {
  const mail = await start();
  await addMail(mail.port, { tls: 'starttls' });
  const { ok, detail } = await sendTest();
  expect([ok, mail.mails]).toEqual([false, []]);
  expect(detail).toMatch(/STARTTLS/);
});

test('temporary and permanent refusals are kept apart', async () => {
  const busy = await start({ answer: '452 too busy' });
  await addMail(busy.port);
  await server.emit({ type: 'job.moved', subject: 'a' });
  await expect.poll(async () => (await server.show('team')).problem?.detail).toMatch(/452/);
  expect((await server.deliveries('team'))[0]).toMatchObject({ state: 'queued', status: 452 });
  const strict = await start({ answer: '554 content refused' });
  await server.call('update', { path: 'team', body: { server: `mail.test:${strict.port}` } });
  await expect
    .poll(async () => (await server.deliveries('team'))[0])
    .toMatchObject({ state: 'dead', status: 554 });
  const some = await start({ refuseRecipient: 'two@example.test' });
  await server.call('update', { path: 'team', body: { server: `mail.test:${some.port}` } });
  expect(await sendTest()).toMatchObject({
    ...{ ok: true, detail: 'not accepted for two@example.test' },
  });
  expect(some.mails[0]?.to).toEqual(['one@example.test']);
});

test('a mail server with a private address needs allowPrivate', async () => {
  const mail = await start();
  await addMail(mail.port, { allowPrivate: false });
  expect(await sendTest()).toMatchObject({
    ...{ ok: false, status: null },
    detail: `mail.test:${mail.port} has a private address; the setting allowPrivate allows it`,
  });
  expect(mail.mails).toEqual([]);
});
