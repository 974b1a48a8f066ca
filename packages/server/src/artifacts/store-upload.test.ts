/** Stored uploads: one that stalls, breaks or fills the disk is an error and leaves no file. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

import type { Artifact } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { startTestHttp, testPrincipal, type TestHttpServer } from '../testing/http-server.ts';
import { artifactRoutes, storeUpload } from './index.ts';

let database: TestDatabase;
let directory: string;
let server: TestHttpServer;
let real: BlobStore;
/** Replaced by tests that need a failing store. */
let put: BlobStore['put'];

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-keep-'));
  real = await openFileBlobStore({ directory });
  const blobs: BlobStore = { ...real, put: (content, options) => put(content, options) };
  server = await startTestHttp(
    artifactRoutes({ database: database.handle.db, blobs, onEvents: () => undefined }),
    new Map([['token', testPrincipal('sender', [{ role: 'administrator', project: null }])]]),
  );
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  put = real.put;
});

const headers = { authorization: 'Bearer token' };

async function upload(
  body: string | Uint8Array<ArrayBuffer>,
  query = '',
): Promise<{ status: number; body: never }> {
  const url = `${server.url}/api/v1/artifacts${query}`;
  const answer = await fetch(url, { method: 'POST', headers, body });
  return { status: answer.status, body: (await answer.json()) as never };
}

async function kept(): Promise<{ files: number; leftovers: number; rows: number }> {
  const files = await readdir(directory, { recursive: true });
  return {
    files: files.filter((name) => /[0-9a-f]{64}$/.test(name)).length,
    leftovers: (await readdir(join(directory, 'temporary'))).length,
    rows: (await database.handle.db.selectFrom('artifacts').select('sha256').execute()).length,
  };
}

/** Starts an upload of a thousand bytes and sends some of them. */
async function sendPart(
  head: readonly string[],
  part: string,
): Promise<{ answer: Promise<string> }> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const lines = [
    'POST /api/v1/artifacts HTTP/1.1',
    'host: x',
    'authorization: Bearer token',
    ...head,
  ];
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString())).on('error', () => undefined);
  socket.write(`${lines.join('\r\n')}\r\n\r\n${part}`);
  return { answer: once(socket, 'close').then(() => got) };
}

test.each([
  ['raw', ['content-length: 1000'], 'some of it'],
  ['before its first byte', ['content-length: 1000'], ''],
  ['in chunks', ['transfer-encoding: chunked'], '3\r\nabc\r\n'],
  [
    'in a multipart file',
    ['content-length: 1000', 'content-type: multipart/form-data; boundary=b'],
    '--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\nsome',
  ],
  [
    'before the file of a multipart body',
    ['content-length: 1000', 'content-type: multipart/form-data; boundary=b'],
    '--b\r\ncontent-disp',
  ],
])('an upload that stalls %s is aborted and leaves no file', async (_, head, part) => {
  const before = await kept();
  const { answer } = await sendPart(head, part);
  const text = await answer;
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('upload_timeout');
  expect(await kept()).toEqual(before);
});

test('a slow upload is not aborted', async () => {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (let piece = 0; piece < 8; piece += 1) {
        controller.enqueue(Buffer.from('piece '));
        await pause(300);
      }
      controller.close();
    },
  });
  const url = `${server.url}/api/v1/artifacts`;
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const answer = await fetch(url, init);
  expect(answer.status).toBe(201);
  expect(((await answer.json()) as Artifact).sizeBytes).toBe(48);
});

test('a slow disk is not treated as a slow client', async () => {
  put = async (content, options) => {
    await pause(1_500);
    return real.put(content, options);
  };
  expect((await upload(Buffer.alloc(2_000_000))).status).toBe(201);
});

test.each(['ENOSPC', 'EDQUOT'])('a full disk (%s) returns 507 and leaves no file', async (code) => {
  const before = await kept();
  put = (content, options) => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        yield chunk;
        throw Object.assign(new Error('no space left on device'), { code });
      }
    };
    return real.put(failing(), options);
  };
  const { status, body } = await upload(Buffer.alloc(500_000));
  expect([status, body]).toMatchObject([507, { code: 'storage_full' }]);
  expect(JSON.stringify(body)).not.toContain('no space left');
  expect(await kept()).toEqual(before);
});

test('a disk that is really full returns 507, and accepts what fits again', async () => {
  // Only root can mount a small disk; for others the test above must suffice.
  if (process.getuid?.() !== 0) return;
  const disk = await mkdtemp(join(tmpdir(), 'lazaret-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  try {
    const small = await openFileBlobStore({ directory: disk });
    put = small.put;
    for (let round = 0; round < 3; round += 1) {
      const { status, body } = await upload(randomBytes(3_000_000));
      expect([status, body]).toMatchObject([507, { code: 'storage_full' }]);
      expect(await readdir(join(disk, 'temporary'))).toEqual([]);
    }
    expect((await upload(randomBytes(100_000))).status).toBe(201);
  } finally {
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
  }
});

test('a failing store returns 500 without its message, and the next upload works', async () => {
  put = () => Promise.reject(new Error('secret inside'));
  const { status, body } = await upload('x');
  expect([status, body]).toMatchObject([500, { code: 'internal_error' }]);
  expect(JSON.stringify(body)).not.toContain('secret inside');
  put = real.put;
  expect((await upload('x')).status).toBe(201);
});

test('an upload that was refused half-way cannot crash the server when its time limit is reached', async () => {
  put = async (content) => {
    for await (const chunk of content) throw new Error(`refused after ${chunk.length} bytes`);
    throw new Error('no content');
  };
  const { answer } = await sendPart(['content-length: 1000000'], 'x'.repeat(200_000));
  expect(await answer).toMatch(/^HTTP\/1\.1 500 /);
  // Longer than an upload may stall: it is not read any more, so a failure would go unnoticed.
  await pause(1_500);
  put = real.put;
  expect((await upload('still there')).status).toBe(201);
});

test('the same content in two projects is stored once and visible in both', async () => {
  await database.handle.db.insertInto('projects').values({ name: 'red' }).execute();
  const before = await kept();
  const first = await upload('shared', '?name=one');
  const second = await upload('shared', '?name=two&project=red');
  expect([first.body, second.body]).toMatchObject([
    { name: 'one', project: 'default' },
    { name: 'two', project: 'red' },
  ]);
  expect(await kept()).toEqual({ ...before, files: before.files + 1, rows: before.rows + 2 });
});

test('a project that does not exist is an error before a byte is read', async () => {
  let reads = 0;
  const stream = new Readable({ read: () => void (reads += 1) });
  const keep = storeUpload(
    { name: '', stream, declaredBytes: undefined },
    {
      database: database.handle.db,
      blobs: real,
      project: 'never',
      name: undefined,
      actor: 'sender',
      maxBytes: 10,
    },
  );
  await expect(keep).rejects.toMatchObject({ code: 'not_found' });
  expect(reads).toBe(0);
});

test.each<[string, string | undefined]>([
  ['../../etc/passwd', 'passwd'],
  [String.raw`C:\temp\evil.exe`, 'evil.exe'],
  ['a\u0000b', 'a\u{fffd}b'],
  ['two\nlines', 'two\u{fffd}lines'],
  ['\u{1b}[2J', '\u{fffd}[2J'],
  ['..', undefined],
  ['dir/', undefined],
  [' ', undefined],
  ['\u{1f9a0}'.repeat(100), '\u{1f9a0}'.repeat(63)],
])('the name %j is stored as a file name', async (name, expected) => {
  const stream = Readable.from([Buffer.from(name)]);
  const artifact = await storeUpload(
    { name, stream, declaredBytes: undefined },
    {
      database: database.handle.db,
      blobs: real,
      project: 'default',
      name: undefined,
      actor: 'sender',
      maxBytes: 1_000,
    },
  );
  expect(artifact.name.replace(/\u{fffd}$/u, '')).toBe(expected ?? artifact.sha256);
});
