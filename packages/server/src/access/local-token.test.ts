import { operations, type Token, type User } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { startAccessServer, type AccessServer, type Reply } from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';

const rows = operations.access;
let database: TestDatabase;
let server: AccessServer;

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database);
});
afterEach(async () => {
  await server.close();
  await database.drop();
});

async function statusOf(token: string | undefined): Promise<number> {
  return (await server.send(rows.userList, {}, { token: token ?? '' })).status;
}

test('each start gives the machine a new token and ends the one before', async () => {
  const first = await server.access.ensureLocalToken();
  expect(await statusOf(first)).toBe(200);
  const second = await server.access.ensureLocalToken();
  expect(await statusOf(first)).toBe(401);
  expect(await statusOf(second)).toBe(200);
});

test('servers that share a database do not take each other’s token', async () => {
  const east = await server.access.ensureLocalToken('east');
  const west = await server.access.ensureLocalToken('west');
  await server.access.ensureLocalToken('west');
  expect(await statusOf(east)).toBe(200);
  expect(await statusOf(west)).toBe(401);
});

test('the machine is a user like others in the lists, without a password', async () => {
  const root = await server.setUp();
  await server.access.ensureLocalToken();
  const users: Reply<{ items: User[] }> = await server.send(rows.userList, {}, root);
  const local = users.body.items.find((user) => user.name === 'local');
  expect(local).toMatchObject({ hasPassword: false, disabled: false });
  const query = { owner: 'local' };
  const tokens: Reply<{ items: Token[] }> = await server.send(rows.tokenList, { query }, root);
  expect(tokens.body.items).toHaveLength(1);
  const { id, expiresAt } = tokens.body.items[0]!;
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  expect((await server.send(rows.tokenRevoke, { params: { id } }, root)).status).toBe(204);
});

test('it makes the setup neither done nor unneeded', async () => {
  await server.access.ensureLocalToken();
  expect((await server.send(rows.setupShow)).body).toEqual({ needed: true });
  expect(await server.access.ensureSetupLink()).toBeDefined();
});

test('it gets no password, no link, and is not removed; disabled it gets no token', async () => {
  const root = await server.setUp();
  const token = await server.access.ensureLocalToken();
  const params = { name: 'local' };
  const body = { password: 'a long enough phrase' };
  expect((await server.send(rows.passwordChange, { params, body }, root)).status).toBe(400);
  expect((await server.send(rows.userLink, { params }, root)).status).toBe(400);
  expect((await server.send(rows.userDelete, { params }, root)).status).toBe(400);
  await server.send(rows.userUpdate, { params, body: { disabled: true } }, root);
  expect(await statusOf(token)).toBe(401);
  expect(await server.access.ensureLocalToken()).toBeUndefined();
  await server.send(rows.userUpdate, { params, body: { disabled: false } }, root);
  expect(await statusOf(await server.access.ensureLocalToken())).toBe(200);
});

test('what an administrator takes from the machine stays taken', async () => {
  const root = await server.setUp();
  await server.access.ensureLocalToken();
  const body = { grants: [{ role: 'viewer' as const, project: null }] };
  await server.send(rows.userUpdate, { params: { name: 'local' }, body }, root);
  expect(await statusOf(await server.access.ensureLocalToken())).toBe(403);
});

test('two starts at once leave one token that works', async () => {
  const secrets = await Promise.all(
    Array.from({ length: 4 }, () => server.access.ensureLocalToken()),
  );
  const statuses = await Promise.all(secrets.map((secret) => statusOf(secret)));
  expect(statuses.toSorted()).toEqual([200, 401, 401, 401]);
});
