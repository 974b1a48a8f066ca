/** Files of events: whole lines, rotation, repetitions, and where they may be written. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { InspectionReport } from '@lazaret/protocol';
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
const reports = new Map<string, InspectionReport>();

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-exports-'));
  server = await startNotificationServer(database, { exports: directory, reports });
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

test('what a script printed is a file of the layout of Collector, byte for byte', async () => {
  const digest = `sha256:${'b'.repeat(64)}`;
  const configDigest = `sha256:${'c'.repeat(64)}`;
  reports.set(digest, { image: { configDigest }, packages: [] } as unknown as InspectionReport);
  await database.handle.pool.query(
    `insert into scripts (id, name, kind, source, content, sha256, revision, settings, planned_at,
       created_by)
     select name, name, 'shell', 'api', 'x', 'x', 'x', '{}', now(), 'ana'
     from unnest(array['users.sh', 'same.sh', 'same.py']) as name`,
  );
  await database.handle.pool.query(
    `insert into script_runs (id, script, revision, sha256, project, digest, state, priority, image,
       stdout, requested_by)
     select name, name, 'x', 'x', 'default', $1, 'finished', 1, 1, $2, 'ana'
     from unnest(array['users.sh', 'same.sh', 'same.py']) as name`,
    [digest, Buffer.from('root\n\xff', 'latin1')],
  );
  await addFile('misc', { layout: 'collector', events: ['script.completed'] });
  const runs = ['users.sh', 'same.sh', 'same.py', 'gone'];
  await server.emit(
    ...runs.map((run) => ({
      ...({ type: 'script.completed', subject: digest, project: 'default' } as const),
      data: { run },
    })),
  );
  await expect
    .poll(() => server.deliveries('misc'))
    .toMatchObject([
      ...['', '', ''].map(() => ({ state: 'delivered' })),
      { state: 'dead', reason: 'there is no stored run gone' },
    ]);
  const name = 'sha256:cccccccccccc-miscdata.txt';
  // Two scripts with the same stem do not overwrite each other.
  for (const folder of ['users', 'same.sh', 'same.py']) {
    const content = await readFile(join(directory, 'misc', folder, name));
    expect(content.toString('latin1')).toBe('root\n\xff');
  }
});

test('an image without a stored report is a dead letter that says so', async () => {
  await addFile('collector', { layout: 'collector', events: ['arrival.inspected'] });
  const digest = `sha256:${'a'.repeat(64)}`;
  await server.emit({ type: 'arrival.inspected', data: { images: [digest] } });
  await expect
    .poll(() => server.deliveries('collector'))
    .toMatchObject([{ state: 'dead', reason: `there is no stored report of ${digest}` }]);
});
