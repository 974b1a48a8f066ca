import { operations, type Grant, type Role, type User } from '@lazaret/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import {
  rootPassword,
  startAccessServer,
  type AccessServer,
  type Reply,
  type Visitor,
} from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';

const rows = operations.access;
const password = 'a long enough phrase';
const administrator: Grant = { role: 'administrator', project: null };
let database: TestDatabase;
let server: AccessServer;
let root: Visitor;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database);
  root = await server.setUp();
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
beforeEach(async () => {
  await database.handle.db.deleteFrom('users').where('name', 'not in', ['root', 'local']).execute();
});

function create(name: string, more: object = {}, as = root): Promise<Reply<User>> {
  return server.send(rows.userCreate, { body: { name, ...more } }, as);
}

function update(name: string, body: object, as = root): Promise<Reply<User>> {
  return server.send(rows.userUpdate, { params: { name }, body }, as);
}

function remove(name: string, as = root): Promise<Reply<never>> {
  return server.send(rows.userDelete, { params: { name } }, as);
}

async function arrive(name: string, grants: Grant[] = []): Promise<Visitor> {
  expect((await create(name, { password, grants })).status).toBe(201);
  return server.signIn(name, password);
}

async function lastEvent(): Promise<object> {
  return database.handle.db
    .selectFrom('events')
    .select(['type', 'subject', 'actor', 'data'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
}

test('a user is created with their grants and shown without their password', async () => {
  const grants = [{ role: 'viewer', project: 'default' } as const];
  const made = await create('alice', { displayName: 'Alice A.', password, grants });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    name: 'alice',
    displayName: 'Alice A.',
    grants,
    disabled: false,
    hasPassword: true,
    lastSeenAt: null,
  });
  expect(await lastEvent()).toEqual({
    type: 'user.created',
    subject: 'alice',
    actor: 'root',
    data: { grants },
  });
  expect((await create('alice')).body).toMatchObject({ code: 'already_exists' });
});

test('a user in a project that does not exist is not created', async () => {
  const reply = await create('alice', { grants: [{ role: 'viewer', project: 'no-such' }] });
  expect(reply.status).toBe(404);
  expect((await update('alice', {})).status).toBe(404);
});

test.each(['Alice', 'älice', 'al ice', '-alice', 'alice\u202e', 'аlice', '', 'a'.repeat(65)])(
  'the name %j is refused with its field',
  async (name) => {
    expect(await create(name)).toMatchObject({ status: 400, body: { fields: [{ path: 'name' }] } });
  },
);

test.each(['local', 'anonymous', 'nobody', 'scheduler', 'worker', 'system', 'unknown'])(
  'the name %s is reserved',
  async (name) => {
    expect(await create(name)).toMatchObject({ status: 400, body: { fields: [{ path: 'name' }] } });
  },
);

test('a changed role applies to the next call of the same session', async () => {
  const alice = await arrive('alice');
  expect((await server.send(rows.userList, {}, alice)).status).toBe(403);
  await update('alice', { grants: [administrator] });
  expect((await server.send(rows.userList, {}, alice)).status).toBe(200);
  expect(await lastEvent()).toMatchObject({
    type: 'user.changed',
    data: { grants: { from: [], to: [administrator] } },
  });
  await update('alice', { grants: [] });
  expect((await server.send(rows.userList, {}, alice)).status).toBe(403);
});

test('a change without effect writes no event', async () => {
  await create('alice');
  const before = await lastEvent();
  await update('alice', { disabled: false, grants: [] });
  expect(await lastEvent()).toEqual(before);
});

test('a disabled user is signed out at once, and must sign in again when enabled', async () => {
  const alice = await arrive('alice');
  await update('alice', { disabled: true });
  expect((await server.send(rows.sessionShow, {}, alice)).status).toBe(401);
  await update('alice', { disabled: false });
  expect((await server.send(rows.sessionShow, {}, alice)).status).toBe(401);
  await server.signIn('alice', password);
});

test('removing a user ends sessions and tokens; the name can be used again', async () => {
  const alice = await arrive('alice', [administrator]);
  const made: Reply<{ secret: string }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'ci' } },
    alice,
  );
  expect((await remove('alice', alice)).status).toBe(204);
  expect((await server.send(rows.sessionShow, {}, alice)).status).toBe(401);
  expect((await server.send(rows.sessionShow, {}, { token: made.body.secret })).status).toBe(401);
  expect((await remove('alice')).status).toBe(404);
  expect((await create('alice')).body).toMatchObject({ grants: [], hasPassword: false });
});

test('the last administrator cannot be demoted, disabled or removed', async () => {
  await create('not-yet', { grants: [administrator] });
  for (const reply of [
    await update('root', { grants: [{ role: 'operator', project: null }] }),
    await update('root', { grants: [{ role: 'administrator', project: 'default' }] }),
    await update('root', { disabled: true }),
    await remove('root'),
  ]) {
    expect(reply).toMatchObject({ status: 409, body: { code: 'last_administrator' } });
  }
  expect((await update('root', { displayName: 'Root' })).status).toBe(200);
  expect((await server.send(rows.sessionShow, {}, root)).status).toBe(200);
});

test('users without a password and the local user do not count as administrators', async () => {
  await server.access.ensureLocalToken();
  await create('bob', { grants: [administrator] });
  expect((await update('root', { disabled: true })).body).toMatchObject({
    code: 'last_administrator',
  });
  const params = { name: 'bob' };
  await server.send(rows.passwordChange, { params, body: { password } }, root);
  const bob = await server.signIn('bob', password);
  expect((await update('root', { disabled: true }, bob)).status).toBe(200);
  expect((await update('bob', { disabled: true }, bob)).status).toBe(409);
  expect((await update('root', { disabled: false }, bob)).status).toBe(200);
  root = await server.signIn('root', rootPassword);
});

test('administrators who remove each other concurrently: one always remains', async () => {
  const names = ['ann', 'ben', 'cid'];
  for (let round = 0; round < 6; round += 1) {
    const visitors = new Map<string, Visitor>();
    for (const name of names) visitors.set(name, await arrive(name, [administrator]));
    await update('root', { grants: [] }, visitors.get('ann'));
    const ways: ((name: string, as: Visitor) => Promise<Reply<unknown>>)[] = [
      (name, as) => update(name, { grants: [] }, as),
      (name, as) => update(name, { disabled: true }, as),
      (name, as) => remove(name, as),
    ];
    const replies = await Promise.all(
      names.flatMap((from, position) =>
        names.map((name) => ways[(round + position) % 3]!(name, visitors.get(from)!)),
      ),
    );
    for (const reply of replies) expect(reply.status).toBeLessThan(500);
    const left = await usableAdministrators();
    expect(left).toHaveLength(1);
    await database.handle.db
      .insertInto('grants')
      .values({ user_name: 'root', ...administrator })
      .execute();
    for (const name of names)
      await database.handle.db.deleteFrom('users').where('name', '=', name).execute();
  }
});

async function usableAdministrators(): Promise<string[]> {
  const rowsLeft = await database.handle.db
    .selectFrom('users')
    .innerJoin('grants', 'grants.user_name', 'users.name')
    .select('users.name')
    .where('users.disabled', '=', false)
    .where('users.name', '!=', 'local')
    .where('users.password_hash', 'is not', null)
    .where('grants.role', '=', 'administrator')
    .where('grants.project', 'is', null)
    .execute();
  return rowsLeft.map((row) => row.name);
}

test('after any sequence of changes by administrators, one can always sign in', async () => {
  const names = ['root', 'ann', 'ben'];
  const step = fc.record({
    name: fc.constantFrom(...names),
    body: fc.oneof(
      fc.record({ disabled: fc.boolean() }),
      fc.record({
        grants: fc.constantFrom<Grant[]>(
          [],
          [administrator],
          [{ role: 'operator', project: null }, administrator],
          [{ role: 'administrator', project: 'default' }],
        ),
      }),
    ),
  });
  const local = (await server.access.ensureLocalToken())!;
  for (const name of ['ann', 'ben']) await create(name, { password, grants: [administrator] });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }),
      async (rounds) => {
        for (const round of rounds) {
          await Promise.all(round.map(({ name, body }) => update(name, body, { token: local })));
          expect(await usableAdministrators()).not.toEqual([]);
        }
      },
    ),
    { numRuns: 25 },
  );
  await update('root', { grants: [administrator], disabled: false }, { token: local });
  root = await server.signIn('root', rootPassword);
});

test('concurrent requests create the same user once', async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, () => create('twin')));
  expect(replies.map((reply) => reply.status).toSorted()).toEqual([201, ...Array(7).fill(409)]);
});

test('pages of users are ordered by name and complete', async () => {
  const roles: Role[] = ['viewer', 'submitter', 'investigator', 'operator', 'administrator'];
  for (const role of roles) await create(`one-${role}`, { grants: [{ role, project: null }] });
  const seen: User[] = [];
  let cursor: string | null = null;
  do {
    const reply: Reply<{ items: User[]; next: string | null }> = await server.send(
      rows.userList,
      { query: { limit: 2, ...(cursor === null ? {} : { cursor }) } },
      root,
    );
    seen.push(...reply.body.items);
    cursor = reply.body.next;
  } while (cursor !== null);
  const names = seen.map((user) => user.name);
  expect(names).toEqual([...new Set(names)].toSorted());
  for (const role of roles) {
    const user = seen.find((one) => one.name === `one-${role}`);
    expect(user?.grants).toEqual([{ role, project: null }]);
  }
});

test('a call refused for missing permissions is recorded, once a minute', async () => {
  const alice = await arrive('alice');
  await Promise.all(Array.from({ length: 5 }, () => server.send(rows.userList, {}, alice)));
  await expect
    .poll(
      () =>
        database.handle.db
          .selectFrom('events')
          .select(['subject', 'data'])
          .where('type', '=', 'access.denied')
          .where('subject', '=', 'alice')
          .execute(),
      { timeout: 20_000 },
    )
    .toEqual([
      {
        subject: 'alice',
        data: {
          operation: 'users.list',
          needs: 'users.manage',
          by: 'session',
          address: '127.0.0.1',
        },
      },
    ]);
});
