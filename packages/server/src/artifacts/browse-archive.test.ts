/** Archives over HTTP: listing, members, access, untrusted names, and failures. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { writeTar } from '@lazaret/analysis';
import { limits, type ArchivePage, type Artifact } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { openFileBlobStore } from '../blobs/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { artifactRoutes } from './index.ts';

let database: TestDatabase;
let directory: string;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-archive-'));
  const blobs = await openFileBlobStore({ directory });
  server = await startTestHttp(
    artifactRoutes({ database: database.handle.db, blobs, onEvents: () => undefined }),
    new Map([
      ['admin', testPrincipal('admin', [{ role: 'administrator', project: null }])],
      ['red', testPrincipal('red', [{ role: 'submitter', project: 'red' }])],
    ]),
  );
  await database.handle.db.insertInto('projects').values({ name: 'red' }).execute();
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

const get = (path: string, token = 'admin', headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/artifacts/${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });

async function upload(body: Uint8Array<ArrayBuffer>): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/artifacts?name=result.tgz`, {
    method: 'POST',
    headers: { authorization: 'Bearer admin' },
    body,
  });
  return ((await answer.json()) as Artifact).sha256;
}

async function tarGz(files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const entries = Object.entries(files).map(([path, text]) => ({
    ...{ type: 'file' as const, path, content: Buffer.from(text) },
  }));
  return new Uint8Array(gzipSync(Buffer.concat(await Array.fromAsync(writeTar(entries)))));
}

const page = async (path: string): Promise<ArchivePage> =>
  (await (await get(path)).json()) as ArchivePage;

test('a result that is an archive is a tree, and its members can be read', async () => {
  const sha256 = await upload(await tarGz({ 'smali/A.smali': 'class A', 'note.txt': 'hello' }));
  const root = await page(`${sha256}/members`);
  expect(root.archive).toMatchObject({ format: 'tar.gz', members: 2, totalBytes: 12 });
  expect(root.items).toMatchObject([
    { type: 'directory', name: 'smali', files: 1 },
    { type: 'file', name: 'note.txt', position: 1 },
  ]);
  const inner = await page(`${sha256}/members?directory=/smali/`);
  expect(inner.items.map(({ path }) => path)).toEqual(['smali/A.smali']);
  const member = await get(`${sha256}/members/0`);
  expect(await member.text()).toBe('class A');
  expect(member.headers.get('content-disposition')).toContain('attachment; filename="A.smali"');
  const part = await get(`${sha256}/members/0`, 'admin', { range: 'bytes=6-' });
  expect([part.status, await part.text()]).toEqual([206, 'A']);
});

test('pages of the list continue where the previous page ended', async () => {
  const files = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`f${at}`, 'x']));
  const sha256 = await upload(await tarGz(files));
  const first = await page(`${sha256}/members?limit=4`);
  const second = await page(`${sha256}/members?limit=4&cursor=${first.next ?? ''}`);
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(Object.keys(files));
  expect([first.matched, second.next]).toEqual([7, null]);
});

test('a name that points outside the archive is used neither as a path nor as a file name', async () => {
  const sha256 = await upload(await tarGz({ '../../etc/cron.d/x"\r\nevil: 1': 'x' }));
  const { items } = await page(`${sha256}/members?recursive=true`);
  expect(items[0]?.warnings).toContain('parent_path');
  const answer = await get(`${sha256}/members/0`);
  expect(answer.headers.get('evil')).toBeNull();
  expect(answer.headers.get('content-disposition')).not.toContain('..');
});

test('a preview of a member is bounded; it and a download are told apart in the audit log', async () => {
  const sizeBytes = limits.previewBytes + 10;
  const big = randomBytes(sizeBytes / 2).toString('hex');
  const sha256 = await upload(await tarGz({ big }));
  const records = (): Promise<unknown[]> =>
    database.handle.db
      .selectFrom('events')
      .select(['type', 'data'])
      .where('subject', '=', sha256)
      .where('type', 'like', 'artifact.%')
      .orderBy('id')
      .execute();
  const preview = await get(`${sha256}/members/0?preview=true`);
  expect((await preview.text()).length).toBe(limits.previewBytes);
  const previewed = {
    type: 'artifact.previewed',
    data: { name: 'big', address: expect.any(String), offset: 0, bytes: limits.previewBytes },
  };
  expect(await records()).toEqual([previewed]);
  expect((await (await get(`${sha256}/members/0`)).text()).length).toBe(sizeBytes);
  const data = { name: 'big', address: expect.any(String) };
  expect(await records()).toEqual([previewed, { type: 'artifact.downloaded', data }]);
});

test.each([
  ['text', Buffer.from('just text'), 'members', 422, 'not_an_archive'],
  ['a damaged archive', Buffer.from('PK\x03\x04 and no end'), 'members', 422, 'archive_unreadable'],
  ['a member that does not exist', gzipSync('x'), 'members/9', 404, 'not_found'],
])('%s is refused with a specific problem', async (_, bytes, path, status, code) => {
  const sha256 = await upload(new Uint8Array(bytes));
  const answer = await get(`${sha256}/${path}`);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
});

test('an archive of another project does not exist', async () => {
  const sha256 = await upload(await tarGz({ secret: 'x' }));
  expect((await get(`${sha256}/members`, 'red')).status).toBe(404);
  expect((await get(`${sha256}/members/0`, 'red')).status).toBe(404);
});

test('an archive inside an archive is opened by the positions on its path', async () => {
  const inner = Buffer.from(await tarGz({ deep: 'found' })).toString('latin1');
  const entries = [
    { type: 'file' as const, path: 'inner.tgz', content: Buffer.from(inner, 'latin1') },
  ];
  const outer = Buffer.concat(await Array.fromAsync(writeTar(entries)));
  const sha256 = await upload(new Uint8Array(outer));
  expect((await page(`${sha256}/members?inside=0`)).items).toMatchObject([{ name: 'deep' }]);
  expect(await (await get(`${sha256}/members/0?inside=0`)).text()).toBe('found');
});
