/** Which requests for content are downloads in the audit log. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { limits, type Artifact } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { openFileBlobStore } from '../blobs/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { artifactRoutes } from './index.ts';

let database: TestDatabase;
let directory: string;
let server: TestHttpServer;
let events = 0;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-downloads-'));
  const blobs = await openFileBlobStore({ directory });
  server = await startTestHttp(
    artifactRoutes({ database: database.handle.db, blobs, onEvents: () => (events += 1) }),
    new Map([['admin', testPrincipal('admin', [{ role: 'administrator', project: null }])]]),
  );
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

const authorization = 'Bearer admin';

async function upload(body: string): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/artifacts?name=sample.bin`, {
    method: 'POST',
    headers: { authorization },
    body,
  });
  return ((await answer.json()) as Artifact).sha256;
}

async function recordsOf(
  sha256: string,
  type: 'artifact.downloaded' | 'artifact.previewed',
): Promise<unknown[]> {
  const found = await database.handle.db
    .selectFrom('events')
    .select(['actor', 'project', 'data'])
    .where('type', '=', type)
    .where('subject', '=', sha256)
    .orderBy('id')
    .execute();
  return found;
}

const downloadsOf = (sha256: string): Promise<unknown[]> =>
  recordsOf(sha256, 'artifact.downloaded');
const previewsOf = (sha256: string): Promise<unknown[]> => recordsOf(sha256, 'artifact.previewed');

interface Ask {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(sha256: string, { method = 'GET', query = '', headers = {} }: Ask) {
  const answer = await fetch(`${server.url}/api/v1/artifacts/${sha256}/content${query}`, {
    method,
    headers: { authorization, ...headers },
  });
  return { status: answer.status, text: await answer.text() };
}

test.each<[string, Ask, number]>([
  ['HEAD', { method: 'HEAD' }, 200],
  ['HEAD of a preview', { method: 'HEAD', query: '?preview=true' }, 200],
  ['a range outside of the content', { headers: { range: 'bytes=900-' } }, 416],
  [
    'a range outside of a preview',
    { query: '?preview=true', headers: { range: 'bytes=900-' } },
    416,
  ],
])('%s is neither a download nor a preview', async (name, request, status) => {
  const sha256 = await upload(`content of ${name}`);
  const before = events;
  expect((await ask(sha256, request)).status).toBe(status);
  expect(await downloadsOf(sha256)).toEqual([]);
  expect(await previewsOf(sha256)).toEqual([]);
  expect(events).toBe(before);
});

test.each<[string, Ask, number, { offset: number; bytes: number }]>([
  ['a preview', { query: '?preview=true' }, 200, { offset: 0, bytes: 20 }],
  [
    'a range of a preview',
    { query: '?preview=true', headers: { range: 'bytes=4-9' } },
    206,
    { offset: 4, bytes: 6 },
  ],
])('%s is recorded with the bytes that were sent, and is not a download', async (...row) => {
  const [name, request, status, sent] = row;
  const sha256 = await upload(name.padEnd(20));
  expect((await ask(sha256, request)).status).toBe(status);
  expect(await downloadsOf(sha256)).toEqual([]);
  const data = { name: 'sample.bin', address: expect.any(String), ...sent };
  expect(await previewsOf(sha256)).toEqual([{ actor: 'admin', project: 'default', data }]);
});

test('content that the client has already is neither a download nor a preview', async () => {
  const sha256 = await upload('content that is known');
  const headers = { 'if-none-match': `"${sha256}"` };
  for (const query of ['', '?preview=true']) {
    expect(await ask(sha256, { headers, query })).toEqual({ status: 304, text: '' });
  }
  expect(await downloadsOf(sha256)).toEqual([]);
  expect(await previewsOf(sha256)).toEqual([]);
});

test.each<[string, Ask, number, string]>([
  ['the whole content', { query: '?name=renamed' }, 200, 'downloaded: the whole content'],
  ['a range of the content', { headers: { range: 'bytes=0-3' } }, 206, 'down'],
])('%s is a download, with actor and content', async (name, request, status, text) => {
  const sha256 = await upload(`downloaded: ${name}`);
  expect(await ask(sha256, request)).toEqual({ status, text });
  const expected = request.query === undefined ? 'sample.bin' : 'renamed';
  expect(await downloadsOf(sha256)).toEqual([
    { actor: 'admin', project: 'default', data: { name: expected, address: expect.any(String) } },
  ]);
});

test('a preview has a bound, and no part of the content leaves without a record', async () => {
  const sha256 = await upload('x'.repeat(limits.previewBytes + 10));
  const whole = await ask(sha256, { query: '?preview=true' });
  expect(whole.text.length).toBe(limits.previewBytes);
  const range = { range: `bytes=${limits.previewBytes}-` };
  expect((await ask(sha256, { query: '?preview=true', headers: range })).status).toBe(416);
  expect(await previewsOf(sha256)).toMatchObject([
    { data: { offset: 0, bytes: limits.previewBytes } },
  ]);
  expect(await downloadsOf(sha256)).toEqual([]);
  expect((await ask(sha256, {})).text.length).toBe(limits.previewBytes + 10);
  expect(await downloadsOf(sha256)).toHaveLength(1);
});
