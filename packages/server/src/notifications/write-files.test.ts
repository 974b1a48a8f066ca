/** Files of events: whole lines, rotation, repetitions, and where they may be written. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  startNotificationServer,
  type NotificationServer,
} from '../testing/notification-server.ts';
import { appendWhole } from './append-file.ts';

let database: TestDatabase;
let server: NotificationServer;
let directory = '';

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-exports-'));
  server = await startNotificationServer(database, { exports: directory });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});
afterEach(() => database.handle.pool.query('delete from notification_targets'));

async function addFile(name: string, more: Readonly<Record<string, unknown>> = {}) {
  const settings = { kind: 'file', directory: name, events: ['job.*'], ...more };
  return server.call('add', { body: { name, ...settings } });
}

const readLines = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(directory, path), 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function expectDelivered(target: string, count: number): Promise<void> {
  await expect
    .poll(async () => (await server.show(target)).counts)
    .toMatchObject({ queued: 0, delivered: count });
}

test('each event is a line, and a line that a crash cut off is replaced', async () => {
  expect((await addFile('log')).status).toBe(201);
  await server.emit({ type: 'job.moved', subject: 'a' }, { type: 'job.moved', subject: 'b\nc' });
  await expectDelivered('log', 2);
  await appendFile(join(directory, 'log', 'events.ndjson'), '{"id":"half of a li');
  await server.emit({ type: 'job.finished', subject: 'd' });
  await expectDelivered('log', 3);
  const lines = await readLines('log/events.ndjson');
  expect(lines.map(({ subject }) => subject)).toEqual(['a', 'b\nc', 'd']);
  const ids = (await server.deliveries('log')).map(({ id }) => id);
  expect(lines.map(({ id }) => id)).toEqual(ids);
});

test('a full file is renamed, and only some of the renamed are stored', async () => {
  const path = join(directory, 'rotated', 'events.ndjson');
  for (let at = 0; at < 6; at += 1) {
    await appendWhole(path, `${'x'.repeat(60)}${at}\n`, {
      bytes: 100,
      files: 2,
      nowMs: at * 1_000,
    });
  }
  const names = (await readdir(join(directory, 'rotated'))).toSorted();
  expect(names).toEqual([
    ...['events-19700101T000004000Z.ndjson', 'events-19700101T000005000Z.ndjson'],
    'events.ndjson',
  ]);
  const contents = await Promise.all(
    names.map((name) => readFile(join(directory, 'rotated', name), 'utf8')),
  );
  expect(contents.map((text) => text.trim().at(-1))).toEqual(['3', '4', '5']);
});

test('a directory that cannot be written is a failure, and nothing is lost', async () => {
  await writeFile(join(directory, 'taken'), 'a file');
  await addFile('taken');
  await server.emit({ type: 'job.moved', subject: 'late' });
  await expect
    .poll(async () => (await server.show('taken')).problem?.detail)
    .toMatch(/EEXIST|ENOTDIR/);
  await rm(join(directory, 'taken'));
  await mkdir(join(directory, 'taken'));
  await server.call('resume', { path: 'taken' });
  await expectDelivered('taken', 1);
  expect(await readLines('taken/events.ndjson')).toMatchObject([{ subject: 'late' }]);
});

test.each([
  ['/etc/cron.d', {}, 'expected a name'],
  ['../outside', {}, 'expected a name'],
  ['x', { layout: 'collector' }, 'with the layout collector, not job.submitted'],
  ['x', { url: 'https://soc.example/' }, 'only webhook targets have it'],
])('the API does not accept the directory %s with %j', async (name, more, message) => {
  const { status, body } = await server.call('add', {
    body: { name: 'refused', kind: 'file', directory: name, events: ['job.*'], ...more },
  });
  expect(status).toBe(400);
  expect((body as { detail: string }).detail).toContain(message);
});

test('an image without a stored report is a dead letter that says so', async () => {
  await addFile('collector', { layout: 'collector', events: ['arrival.inspected'] });
  const digest = `sha256:${'a'.repeat(64)}`;
  await server.emit({ type: 'arrival.inspected', data: { images: [digest] } });
  await expect
    .poll(() => server.deliveries('collector'))
    .toMatchObject([{ state: 'dead', reason: `there is no stored report of ${digest}` }]);
});
