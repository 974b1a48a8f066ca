import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { startAccessServer, type AccessServer } from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { writeLocalToken } from './write-local-token.ts';

let database: TestDatabase;
let server: AccessServer;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database);
  directory = await mkdtemp(join(tmpdir(), 'lazaret-token-'));
});
afterEach(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

const path = (): string => join(directory, 'local-token');

async function start(url = 'http://127.0.0.1:8100'): Promise<{ url: string; token: string }> {
  await writeLocalToken(server.access, { directory, url });
  return JSON.parse(await readFile(path(), 'utf8')) as { url: string; token: string };
}

test('the token is reused at later starts, the address is the current one', async () => {
  const first = await start();
  const second = await start('http://127.0.0.1:9000');
  expect(second).toEqual({ url: 'http://127.0.0.1:9000', token: first.token });
  expect((await stat(path())).mode & 0o777).toBe(0o600);
});

test('a file that others can read or write is not trusted', async () => {
  const { token } = await start();
  await chmod(path(), 0o640);
  expect((await start()).token).not.toBe(token);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
});

test('a symbolic link is replaced, not followed', async () => {
  const { token } = await start();
  const elsewhere = join(directory, 'elsewhere');
  await writeFile(elsewhere, JSON.stringify({ token }), { mode: 0o600 });
  await rm(path());
  await symlink(elsewhere, path());
  expect((await start()).token).not.toBe(token);
  expect(await readFile(elsewhere, 'utf8')).toBe(JSON.stringify({ token }));
});

test.each([
  ['nothing', ''],
  ['text', 'not json'],
  ['another JSON value', '[]'],
  ['a token that is not a string', '{"token":5}'],
  ['a token that is too long', `{"token":"${'x'.repeat(5_000)}"}`],
])('a file with %s is replaced', async (_, content) => {
  await writeFile(path(), content, { mode: 0o600 });
  expect((await start()).token).toMatch(/^lz_/);
});
