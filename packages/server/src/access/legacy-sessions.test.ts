/**
 * Failures of earlier programs in access control, each with a regression
 * test.
 */
import { operationList, operations, type ProblemDocument } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createAccess } from './index.ts';
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
const logLines: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database, { logLines });
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

/** Every value of every table of the slice and of the outbox, as text. */
async function dump(): Promise<string> {
  const tables = ['users', 'sessions', 'tokens', 'links', 'sign_in_failures', 'grants', 'events'];
  const parts: string[] = [];
  for (const table of tables) {
    const { rows: all } = await sql<{ text: string }>`
      select row_to_json(t)::text || t::text as text from ${sql.table(table)} t`.execute(
      database.handle.db,
    );
    parts.push(...all.map((row) => row.text));
  }
  return parts.join('\n');
}

test('a new instance has no user and no default password', async () => {
  const users = await database.handle.db.selectFrom('users').selectAll().execute();
  expect(users).toEqual([]);
  for (const name of ['admin', 'root', 'lazaret', 'local']) {
    for (const typed of ['admin', 'root', 'password', 'lazaret', name]) {
      const visitor = { address: `192.0.2.${typed.length}` };
      const body = { name, password: typed };
      const reply = await server.send(rows.sessionCreate, { body }, visitor);
      expect([401, 429]).toContain(reply.status);
    }
  }
});

test('no secret is stored or logged in clear text', async () => {
  const link = (await server.access.ensureSetupLink())!.url.split('#link=')[1]!;
  const root = toVisitor(
    await server.send(rows.setupComplete, { body: { link, name: 'root', password: rootPassword } }),
  );
  await server.send(rows.userCreate, { body: { name: 'alice', password } }, root);
  const alice = await server.signIn('alice', password);
  const token: Reply<{ secret: string }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'ci' } },
    alice,
  );
  const invite: Reply<{ link: string }> = await server.send(
    rows.userLink,
    { params: { name: 'alice' } },
    root,
  );
  const local = (await server.access.ensureLocalToken())!;
  const typed = 'typed-into-the-name';
  await server.send(rows.sessionCreate, { body: { name: typed, password: 'typed wrongly' } });
  const secrets = [
    link,
    rootPassword,
    password,
    token.body.secret,
    invite.body.link,
    local,
    typed,
    'typed wrongly',
    root.cookie!.split('=')[1]!,
    alice.cookie!.split('=')[1]!,
  ];
  const stored = await dump();
  const logged = logLines.join('\n');
  expect(logged).toContain('answered');
  for (const secret of secrets) {
    const hex = Buffer.from(secret).toString('hex');
    const found = [stored.includes(secret), stored.includes(hex), logged.includes(secret)];
    expect(found, secret).toEqual([false, false, false]);
  }
});

test('failed sign-ins from another address do not lock out a user', async () => {
  const far = '203.0.113.77';
  for (let round = 0; round < accessLimits.loginFailuresFree * 2; round += 1) {
    const body = { name: 'alice', password: 'guess' };
    await server.send(rows.sessionCreate, { body }, { address: far });
  }
  await server.signIn('alice', password, { address: '198.51.100.1' });
});

test('sign-in attempts before the delay match the limit, for unknown names too', async () => {
  for (const [name, address] of [
    ['alice', '203.0.113.1'],
    ['unknown-user', '203.0.113.2'],
  ] as const) {
    const statuses: number[] = [];
    for (let round = 0; round <= accessLimits.loginFailuresFree; round += 1) {
      const body = { name, password: 'guess' };
      statuses.push((await server.send(rows.sessionCreate, { body }, { address })).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(
      accessLimits.loginFailuresFree,
    );
    expect(statuses.at(-1)).toBe(429);
  }
});

test('wrong, expired or revoked tokens do not count as failed sign-ins', async () => {
  await database.handle.db.deleteFrom('sign_in_failures').execute();
  const alice = await server.signIn('alice', password);
  const made: Reply<{ secret: string; token: { id: string } }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'old' } },
    alice,
  );
  await server.send(rows.tokenRevoke, { params: { id: made.body.token.id } }, alice);
  const before = await database.handle.db.selectFrom('sign_in_failures').selectAll().execute();
  for (let round = 0; round < 20; round += 1) {
    for (const token of [made.body.secret, `lz_${'B'.repeat(43)}`, 'x']) {
      expect((await server.send(rows.sessionShow, {}, { token })).status).toBe(401);
    }
  }
  const after = await database.handle.db.selectFrom('sign_in_failures').selectAll().execute();
  expect(after).toEqual(before);
  await server.signIn('alice', password);
});

test('X-Forwarded-For from an untrusted address is ignored', async () => {
  const direct = await startAccessServer(database, { trustedProxies: [] });
  try {
    const statuses: number[] = [];
    for (let round = 0; round < accessLimits.loginFailuresFree + 3; round += 1) {
      const body = { name: 'forged', password: 'guess' };
      const visitor = { address: `198.51.100.${round}` };
      statuses.push((await direct.send(rows.sessionCreate, { body }, visitor)).status);
    }
    expect(statuses.slice(-3)).toEqual([429, 429, 429]);
  } finally {
    await direct.close();
  }
});

test('a token check is one indexed read, however many tokens its owner has', async () => {
  const alice = await server.signIn('alice', password);
  let last: Visitor = {};
  for (let count = 0; count < 60; count += 1) {
    const made: Reply<{ secret: string }> = await server.send(
      rows.tokenCreate,
      { body: { name: `t${count}` } },
      alice,
    );
    last = { token: made.body.secret };
  }
  await server.send(rows.sessionShow, {}, last);
  let statements = 0;
  const counting = database.handle.db.withPlugin({
    transformQuery: ({ node }) => {
      statements += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const { log, publicUrl } = server.access.parts;
  const access = createAccess({ database: counting, log, publicUrl, anonymousLegacy: false });
  const headers = { authorization: `Bearer ${last.token}` };
  await access.authenticate({ headers, address: '', operation: rows.sessionShow });
  expect(statements).toBe(1);
  const plan = await database.handle.db.transaction().execute(async (within) => {
    await sql`set local enable_seqscan = off`.execute(within);
    const hash = Buffer.alloc(32);
    return sql`explain select id from tokens where secret_hash = ${hash}`.execute(within);
  });
  expect(JSON.stringify(plan.rows)).toContain('tokens_secret_hash_key');
});

test('token requests are answered while the queue of sign-ins is full', async () => {
  const alice = await server.signIn('alice', password);
  const made: Reply<{ secret: string }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'steady' } },
    alice,
  );
  let waiting = 0;
  const { passwords } = server.access.parts;
  const checks = Array.from(
    { length: accessLimits.loginConcurrent + accessLimits.loginWaiting },
    async () => {
      waiting += 1;
      await passwords.verify('guess', null);
      waiting -= 1;
    },
  );
  expect((await server.send(rows.sessionShow, {}, { token: made.body.secret })).status).toBe(200);
  expect(waiting).toBeGreaterThan(0);
  await Promise.all(checks);
});

test('an empty password creates no user and leaves nothing partially done', async () => {
  const root = await server.signIn('root', rootPassword);
  const reply = await server.send(rows.userCreate, { body: { name: 'empty', password: '' } }, root);
  expect(reply).toMatchObject({ status: 400, body: { fields: [{ path: 'password' }] } });
  const users = await database.handle.db.selectFrom('users').select('name').execute();
  expect(users.map((user) => user.name)).not.toContain('empty');
});

test('no response contains a stack trace, whatever fails', async () => {
  const broken = await startAccessServer(database);
  const root = await broken.signIn('root', rootPassword);
  await sql`alter table grants rename to grants_away`.execute(database.handle.db);
  try {
    const reply: Reply<ProblemDocument> = await broken.send(rows.userList, {}, root);
    expect(reply.status).toBe(500);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(reply.body)).not.toMatch(/grants|\.ts|\bat \w|relation|select/);
  } finally {
    await sql`alter table grants_away rename to grants`.execute(database.handle.db);
    await broken.close();
  }
});

test('whoami without a session answers 401 with a problem document', async () => {
  const reply: Reply<ProblemDocument> = await server.send(rows.sessionShow);
  expect(reply.status).toBe(401);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(reply.body).toMatchObject({ code: 'unauthenticated', status: 401 });
  const open = operationList.filter((operation) => operation.access === 'public');
  expect(open.map((operation) => operation.name).toSorted()).toEqual([
    // They authenticate requests by themselves.
    'hooks.checkImage',
    'hooks.receive',
    'hooks.receiveWithSecret',
    'sessions.create',
    'setup.complete',
    'setup.show',
    'system.live',
    'system.openapi',
    'system.ready',
  ]);
});

test('the session cookie is not readable by scripts', async () => {
  const body = { name: 'alice', password };
  const reply = await server.send(rows.sessionCreate, { body }, { address: '198.51.100.99' });
  const cookie = reply.headers.get('set-cookie') ?? '';
  expect(cookie).toContain('; HttpOnly');
  const secret = cookie.split(';', 1)[0]!.split('=')[1]!;
  expect(JSON.stringify(reply.body)).not.toContain(secret);
});
