import { operations, type Identity } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import {
  rootPassword,
  startAccessServer,
  toVisitor,
  type AccessServer,
  type Reply,
  type Visitor,
} from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { accessLimits } from './limits.ts';

const rows = operations.access;
const password = 'a long enough phrase';
let database: TestDatabase;
let server: AccessServer;
let root: Visitor;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database);
  root = await server.setUp();
  await server.send(rows.userCreate, { body: { name: 'alice', password } }, root);
  await server.send(rows.userCreate, { body: { name: 'guest' } }, root);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
beforeEach(async () => {
  await database.handle.db.deleteFrom('sign_in_failures').execute();
});

function enter(name: string, typed: string, visitor: Visitor = {}): Promise<Reply<never>> {
  return server.send(rows.sessionCreate, { body: { name, password: typed } }, visitor);
}

async function whoami(visitor: Visitor): Promise<Reply<Identity>> {
  return server.send(rows.sessionShow, {}, visitor);
}

/** Makes the sessions of alice older. */
async function age(column: 'last_used_at' | 'expires_at', ms: number): Promise<void> {
  await sql`update sessions set ${sql.ref(column)} =
    ${sql.ref(column)} - ${ms} * interval '1 millisecond'
    where user_name = 'alice'`.execute(database.handle.db);
}

function sessionsOf(name: string): Promise<{ last_used_at: Date }[]> {
  return database.handle.db
    .selectFrom('sessions')
    .select('last_used_at')
    .where('user_name', '=', name)
    .execute();
}

test('the right password signs in; the cookie is not accessible to scripts and other sites', async () => {
  const reply = await enter('alice', password);
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({ kind: 'session', name: 'alice', grants: [], permissions: [] });
  const cookie = reply.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^lazaret_session=lzs_[A-Za-z0-9_-]{43}; Max-Age=43200; /);
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  expect((await whoami(toVisitor(reply))).body).toEqual(reply.body);
});

test('behind https the cookie is marked Secure', async () => {
  const secured = await startAccessServer(database, { publicUrl: () => 'https://lab.example/x' });
  try {
    const body = { name: 'alice', password };
    const reply = await secured.send(rows.sessionCreate, { body });
    expect(reply.headers.get('set-cookie')).toMatch(/; Secure$/);
  } finally {
    await secured.close();
  }
});

test('wrong name, wrong password, no password and disabled have identical responses', async () => {
  await server.send(rows.userCreate, { body: { name: 'gone', password } }, root);
  const gone = { params: { name: 'gone' }, body: { disabled: true } };
  await server.send(rows.userUpdate, gone, root);
  const replies = [
    await enter('alice', 'wrong'),
    await enter('unknown-user', password),
    await enter('guest', password),
    await enter('gone', password),
  ];
  const seen = replies.map(({ status, body }) => {
    const { requestId: _, ...rest } = body as { requestId: string };
    return JSON.stringify({ status, rest });
  });
  expect(new Set(seen).size).toBe(1);
  expect(replies[0]).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } });
});

test('a name in capitals is refused with the expected form', async () => {
  const reply = await enter('Alice', password);
  expect(reply).toMatchObject({ status: 400, body: { fields: [{ path: 'name' }] } });
});

test('an attacker who floods an account does not lock out its owner', async () => {
  const here = await server.signIn('alice', password, { address: '198.51.100.7' });
  const flood = await Promise.all(
    Array.from({ length: 40 }, () => enter('alice', 'guess', { address: '203.0.113.66' })),
  );
  const statuses = flood.map((reply) => reply.status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(accessLimits.loginFailuresFree);
  const throttled = flood.filter((reply) => reply.status === 429);
  expect(throttled).toHaveLength(40 - accessLimits.loginFailuresFree);
  for (const reply of throttled) {
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  // Even the right password is delayed from the address of the flood, and only from there.
  expect((await enter('alice', password, { address: '203.0.113.66' })).status).toBe(429);
  expect((await enter('alice', password, { address: '198.51.100.8' })).status).toBe(200);
  expect((await whoami(here)).status).toBe(200);
  expect((await whoami({ ...here, address: '203.0.113.66' })).status).toBe(200);
});

test('unknown names are throttled like others', async () => {
  const address = '203.0.113.5';
  const statuses: number[] = [];
  for (let round = 0; round < accessLimits.loginFailuresFree + 2; round += 1) {
    statuses.push((await enter('no-such-user', 'guess', { address })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('a refused sign-in is an event without secrets and without unknown names', async () => {
  await enter('alice', 'wrong', { address: '203.0.113.9' });
  await enter('my-secret-typed-here', 'wrong', { address: '203.0.113.9' });
  const events = await database.handle.db
    .selectFrom('events')
    .select(['subject', 'actor', 'data'])
    .where('type', '=', 'session.refused')
    .orderBy('id', 'desc')
    .limit(2)
    .execute();
  expect(events).toEqual([
    {
      subject: 'unknown',
      actor: 'nobody',
      data: { address: '203.0.113.9', reason: 'unknown user' },
    },
    {
      subject: 'alice',
      actor: 'nobody',
      data: { address: '203.0.113.9', reason: 'wrong password' },
    },
  ]);
});

test('signing in again ends the previous session', async () => {
  const first = await server.signIn('alice', password);
  const second = await server.signIn('alice', password, first);
  expect((await whoami(first)).status).toBe(401);
  expect((await whoami(second)).status).toBe(200);
});

test('an old or invalid cookie does not prevent signing in', async () => {
  for (const cookie of ['lazaret_session=broken', `lazaret_session=lzs_${'A'.repeat(43)}`]) {
    expect((await enter('alice', password, { cookie })).status).toBe(200);
  }
});

test('signing out ends the session and clears the cookie', async () => {
  const visitor = await server.signIn('alice', password);
  const reply = await server.send(rows.sessionDelete, {}, visitor);
  expect(reply.status).toBe(204);
  expect(reply.headers.get('set-cookie')).toMatch(/^lazaret_session=; Max-Age=0; Path=\//);
  expect((await whoami(visitor)).status).toBe(401);
});

test('changing calls of a session require its CSRF token; reading calls do not', async () => {
  const visitor = await server.signIn('alice', password);
  const other = await server.signIn('alice', password);
  const { csrf: _, ...bare } = visitor;
  for (const forged of [bare, { ...bare, csrf: '' }, { ...bare, csrf: other.csrf ?? '' }]) {
    const reply = await server.send(rows.sessionDelete, {}, forged);
    expect(reply).toMatchObject({ status: 403, body: { code: 'csrf_failed' } });
  }
  expect((await whoami(bare)).status).toBe(200);
});

test('a session ends when unused, and twelve hours after its start in any case', async () => {
  const idle = await server.signIn('alice', password);
  await age('last_used_at', accessLimits.sessionIdleMs - 60_000);
  expect((await whoami(idle)).status).toBe(200);
  await age('last_used_at', accessLimits.sessionIdleMs - 60_000);
  expect((await whoami(idle)).status).toBe(200);
  await age('last_used_at', accessLimits.sessionIdleMs);
  expect((await whoami(idle)).status).toBe(401);
  const old = await server.signIn('alice', password);
  await age('expires_at', accessLimits.sessionMs - 60_000);
  expect((await whoami(old)).status).toBe(200);
  await age('expires_at', 60_000);
  expect((await whoami(old)).status).toBe(401);
  await server.access.sweep();
  expect(await sessionsOf('alice')).toEqual([]);
});

test('the last use is written at most once a minute', async () => {
  const visitor = await server.signIn('alice', password);
  const [begun] = await sessionsOf('alice');
  await whoami(visitor);
  expect(await sessionsOf('alice')).toEqual([begun]);
  await age('last_used_at', accessLimits.lastUsedMs);
  await whoami(visitor);
  const [used] = await sessionsOf('alice');
  expect(used!.last_used_at.getTime()).toBeGreaterThan(begun!.last_used_at.getTime());
});

test('one user has a limited number of sessions: the least recently used end', async () => {
  const first = await server.signIn('alice', password);
  await age('last_used_at', accessLimits.lastUsedMs);
  await sql`insert into sessions (secret_hash, user_name, csrf, address, expires_at)
    select decode(md5(n::text), 'hex'), 'alice', '', '', now() + interval '1 hour'
    from generate_series(1, ${accessLimits.sessionsPerUser + 20}) n`.execute(database.handle.db);
  await server.signIn('alice', password);
  expect(await sessionsOf('alice')).toHaveLength(accessLimits.sessionsPerUser);
  expect((await whoami(first)).status).toBe(401);
});

test('a password stored with other parameters is hashed again when it is next used', async () => {
  const cheap =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  const write = database.handle.db.updateTable('users').where('name', '=', 'guest');
  await write.set({ password_hash: cheap }).execute();
  expect((await enter('guest', 'password')).status).toBe(200);
  const { password_hash } = await database.handle.db
    .selectFrom('users')
    .select('password_hash')
    .where('name', '=', 'guest')
    .executeTakeFirstOrThrow();
  expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect((await enter('guest', 'password')).status).toBe(200);
  await write.set({ password_hash: null }).execute();
});

test('a new password requires the current one, is throttled, and ends other sessions', async () => {
  const here = await server.signIn('alice', password);
  const there = await server.signIn('alice', password);
  const change = (visitor: Visitor, body: { current?: string; password: string }) =>
    server.send(rows.passwordChange, { params: { name: 'alice' }, body }, visitor);
  const next = 'another long phrase';
  expect(await change(here, { password: next })).toMatchObject({
    status: 400,
    body: { fields: [{ path: 'current' }] },
  });
  expect(await change(here, { current: 'wrong', password: next })).toMatchObject({
    status: 401,
    body: { code: 'wrong_credentials' },
  });
  expect(await change(here, { current: password, password: 'alicealicealice' })).toMatchObject({
    status: 400,
    body: { code: 'weak_password' },
  });
  expect((await change(here, { current: password, password: next })).status).toBe(204);
  expect((await whoami(here)).status).toBe(200);
  expect((await whoami(there)).status).toBe(401);
  expect((await enter('alice', password)).status).toBe(401);
  expect((await enter('alice', next)).status).toBe(200);
  const guesses = await Promise.all(
    Array.from({ length: 10 }, () => change(here, { current: 'guess', password: next })),
  );
  expect(guesses.filter((reply) => reply.status === 429).length).toBeGreaterThanOrEqual(5);
  await database.handle.db.deleteFrom('sign_in_failures').execute();
  expect((await change(here, { current: next, password })).status).toBe(204);
});

test('only an administrator sets the password of another user', async () => {
  const alice = await server.signIn('alice', password);
  const set = (name: string, visitor: Visitor) =>
    server.send(rows.passwordChange, { params: { name }, body: { password } }, visitor);
  expect((await set('root', alice)).status).toBe(403);
  expect((await set('no-such-user', alice)).status).toBe(403);
  expect((await set('no-such-user', root)).status).toBe(404);
  expect((await set('alice', root)).status).toBe(204);
  expect((await whoami(alice)).status).toBe(401);
  expect((await enter('root', rootPassword)).status).toBe(200);
});
