import { operations, type Token, type User } from '@lazaret/protocol';
import { sql } from 'kysely';
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

test('a start without the current token creates a new one and revokes the previous one', async () => {
  const first = await server.access.ensureLocalToken();
  expect(await statusOf(first)).toBe(200);
  const second = await server.access.ensureLocalToken();
  expect(await statusOf(first)).toBe(401);
  expect(await statusOf(second)).toBe(200);
});

test('a start with the current token keeps it', async () => {
  const root = await server.setUp();
  const current = (await server.access.ensureLocalToken())!;
  expect(await server.access.ensureLocalToken({ current })).toBe(current);
  expect(await statusOf(current)).toBe(200);
  const query = { owner: 'local' };
  const tokens: Reply<{ items: Token[] }> = await server.send(rows.tokenList, { query }, root);
  expect(tokens.body.items).toHaveLength(1);
});

test.each([
  ['revoked', sql<Date>`now()`, null],
  ['about to expire', null, sql<Date>`now() + interval '29 days'`],
])('a current token that is %s is replaced', async (_, revokedAt, expiresAt) => {
  const current = (await server.access.ensureLocalToken())!;
  await database.handle.db
    .updateTable('tokens')
    .set({
      ...(revokedAt === null ? {} : { revoked_at: revokedAt }),
      ...(expiresAt === null ? {} : { expires_at: expiresAt }),
    })
    .execute();
  const next = await server.access.ensureLocalToken({ current });
  expect(next).not.toBe(current);
  expect([await statusOf(current), await statusOf(next)]).toEqual([401, 200]);
});

test('a token of another user or server is never used as the current one', async () => {
  const root = await server.setUp();
  const other = (await server.access.ensureLocalToken({ server: 'east' }))!;
  expect(await server.access.ensureLocalToken({ server: 'west', current: other })).not.toBe(other);
  const made: Reply<{ secret: string }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'local: this server', days: 90 } },
    root,
  );
  const { secret } = made.body;
  expect(await server.access.ensureLocalToken({ current: secret })).not.toBe(secret);
});

test('servers that share a database do not revoke each other’s token', async () => {
  const east = await server.access.ensureLocalToken({ server: 'east' });
  const west = await server.access.ensureLocalToken({ server: 'west' });
  await server.access.ensureLocalToken({ server: 'west' });
  expect(await statusOf(east)).toBe(200);
  expect(await statusOf(west)).toBe(401);
});

test('the user local is listed like others, without a password', async () => {
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

test('the user local does not complete the setup', async () => {
  await server.access.ensureLocalToken();
  expect((await server.send(rows.setupShow)).body).toEqual({ needed: true });
  expect(await server.access.ensureSetupLink()).toBeDefined();
});

test('the user local gets no password and no link and is not removed; disabled it gets no token', async () => {
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

test('the role that an administrator gives the user local is kept', async () => {
  const root = await server.setUp();
  await server.access.ensureLocalToken();
  const body = { grants: [{ role: 'viewer' as const, project: null }] };
  await server.send(rows.userUpdate, { params: { name: 'local' }, body }, root);
  expect(await statusOf(await server.access.ensureLocalToken())).toBe(403);
});

test('concurrent starts leave one valid token', async () => {
  const secrets = await Promise.all(
    Array.from({ length: 4 }, () => server.access.ensureLocalToken()),
  );
  const statuses = await Promise.all(secrets.map((secret) => statusOf(secret)));
  expect(statuses.toSorted()).toEqual([200, 401, 401, 401]);
});
