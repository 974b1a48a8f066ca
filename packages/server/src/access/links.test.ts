import { operations, type Identity } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import {
  rootPassword,
  startAccessServer,
  toVisitor,
  type AccessServer,
  type Reply,
} from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';

const rows = operations.access;
const password = 'a long enough phrase';
let database: TestDatabase;
let server: AccessServer;

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database, { publicUrl: () => 'https://lab.example/lazaret/' });
});
afterEach(async () => {
  await server.close();
  await database.drop();
});

function complete(body: {
  link: string;
  name?: string;
  password: string;
}): Promise<Reply<Identity>> {
  return server.send(rows.setupComplete, { body });
}

async function setupLink(from = server): Promise<string> {
  const made = await from.access.ensureSetupLink();
  return made?.url.split('#link=')[1] ?? '';
}

async function needed(): Promise<boolean> {
  const reply: Reply<{ needed: boolean }> = await server.send(rows.setupShow);
  return reply.body.needed;
}

test('the first administrator signs in with the printed link, once', async () => {
  expect(await needed()).toBe(true);
  const made = await server.access.ensureSetupLink();
  expect(made?.url).toMatch(/^https:\/\/lab\.example\/lazaret\/console\/setup#link=lzl_.{43}$/);
  const link = made!.url.split('#link=')[1]!;
  const reply = await complete({ link, name: 'root', password });
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({
    name: 'root',
    grants: [{ role: 'administrator', project: null }],
    projects: ['default'],
  });
  expect(await needed()).toBe(false);
  expect(await server.access.ensureSetupLink()).toBeUndefined();
  const again = await complete({ link, name: 'second', password });
  expect(again).toMatchObject({ status: 400, body: { code: 'setup_link_invalid' } });
  const visitor = toVisitor(reply);
  expect((await server.send(rows.userList, {}, visitor)).status).toBe(200);
});

test('the setup link can be requested by an administrator until one can sign in', async () => {
  const local = { token: (await server.access.ensureLocalToken())! };
  const printed = await server.access.ensureSetupLink();
  const reply: Reply<{ url: string }> = await server.send(rows.setupLink, {}, local);
  expect(reply.status).toBe(200);
  expect(reply.body.url).toBe(printed?.url);
  const audited = await database.handle.db
    .selectFrom('events')
    .select(['subject', 'actor'])
    .where('type', '=', 'user.link')
    .execute();
  expect(audited).toEqual([{ subject: 'setup', actor: 'local' }]);
  const root = toVisitor(await complete({ link: await setupLink(), name: 'root', password }));
  expect((await server.send(rows.setupLink, {}, local)).status).toBe(409);
  await server.send(rows.userCreate, { body: { name: 'alice', password } }, root);
  const alice = await server.signIn('alice', password);
  expect((await server.send(rows.setupLink, {}, alice)).status).toBe(403);
  expect((await server.send(rows.setupLink)).status).toBe(401);
});

test('the link stays the same until it expires; the link of an earlier start remains valid', async () => {
  const first = await setupLink();
  expect(await setupLink()).toBe(first);
  const replica = await startAccessServer(database);
  const second = await setupLink(replica);
  await replica.close();
  expect(second).not.toBe(first);
  await sql`update links set expires_at = now() - interval '1 second'
    where secret_hash = sha256(${first}::bytea)`.execute(database.handle.db);
  const third = await setupLink();
  expect(new Set([first, second, third]).size).toBe(3);
  expect((await complete({ link: first, name: 'root', password })).status).toBe(400);
  expect((await complete({ link: second, name: 'root', password })).status).toBe(200);
  // The other links become invalid when one is used.
  expect((await complete({ link: third, name: 'other', password })).status).toBe(400);
});

test('however often the server starts, few links are valid at a time', async () => {
  for (let start = 0; start < 20; start += 1) {
    const replica = await startAccessServer(database);
    await replica.access.ensureSetupLink();
    await replica.close();
  }
  const links = await database.handle.db.selectFrom('links').select('secret_hash').execute();
  expect(links).toHaveLength(8);
});

test('concurrent uses of several links create one administrator', async () => {
  const links = [await setupLink()];
  for (let start = 0; start < 3; start += 1) {
    const replica = await startAccessServer(database);
    links.push(await setupLink(replica));
    await replica.close();
  }
  const replies = await Promise.all(
    [...links, ...links].map((link, index) => complete({ link, name: `root-${index}`, password })),
  );
  expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
  expect(replies.filter((reply) => reply.status === 400)).toHaveLength(7);
  const users = await database.handle.db.selectFrom('users').select('name').execute();
  expect(users).toHaveLength(1);
});

test('an invalid request does not use up the link', async () => {
  const link = await setupLink();
  expect((await complete({ link, password })).body).toMatchObject({ fields: [{ path: 'name' }] });
  for (const name of ['Root', 'local']) {
    expect((await complete({ link, name, password })).status).toBe(400);
  }
  for (const weak of ['', 'short', 'rootrootrootroot', 'aaaaaaaaaaaaaaaa']) {
    expect((await complete({ link, name: 'root', password: weak })).status).toBe(400);
  }
  expect((await complete({ link: `${link}x`, name: 'root', password })).status).toBe(400);
  expect((await complete({ link, name: 'root', password })).status).toBe(200);
});

test('when the only administrator is lost, a link is printed again', async () => {
  await complete({ link: await setupLink(), name: 'root', password });
  await database.handle.db.updateTable('users').set({ disabled: true }).execute();
  expect(await needed()).toBe(true);
  const link = await setupLink();
  expect((await complete({ link, name: 'root', password })).body).toMatchObject({
    code: 'already_exists',
  });
  expect((await complete({ link, name: 'rescuer', password })).status).toBe(200);
});

test('an invited user sets a password with their link; the previous one is invalid', async () => {
  const root = await server.setUp();
  await server.send(rows.userCreate, { body: { name: 'alice' } }, root);
  const invite = (): Promise<Reply<{ link: string; url: string }>> =>
    server.send(rows.userLink, { params: { name: 'alice' } }, root);
  const first = await invite();
  const second = await invite();
  expect(second.body.url).toBe(
    `https://lab.example/lazaret/console/setup#link=${second.body.link}`,
  );
  const use = (link: string, name?: string): Promise<Reply<Identity>> =>
    complete({ link, password, ...(name === undefined ? {} : { name }) });
  expect((await use(first.body.link)).body).toMatchObject({ code: 'setup_link_invalid' });
  expect((await use(second.body.link, 'root')).status).toBe(400);
  expect(await use(second.body.link)).toMatchObject({ status: 200, body: { name: 'alice' } });
  expect((await use(second.body.link)).status).toBe(400);
  await server.signIn('root', rootPassword);
});

test('a link ends the sessions of its user, and ends with a password set meanwhile', async () => {
  const root = await server.setUp();
  const params = { name: 'alice' };
  await server.send(rows.userCreate, { body: { ...params, password } }, root);
  const alice = await server.signIn('alice', password);
  const invite = async (): Promise<string> => {
    const reply: Reply<{ link: string }> = await server.send(rows.userLink, { params }, root);
    return reply.body.link;
  };
  await complete({ link: await invite(), password });
  expect((await server.send(rows.sessionShow, {}, alice)).status).toBe(401);
  const late = await invite();
  await server.send(rows.passwordChange, { params, body: { password } }, root);
  expect((await complete({ link: late, password })).status).toBe(400);
  const lost = await invite();
  await server.send(rows.userUpdate, { params, body: { disabled: true } }, root);
  expect((await complete({ link: lost, password })).status).toBe(400);
  expect((await server.send(rows.userLink, { params }, root)).status).toBe(409);
  await server.send(rows.userUpdate, { params, body: { disabled: false } }, root);
  expect((await complete({ link: lost, password })).status).toBe(400);
});

test('concurrent uses of one link succeed once', async () => {
  const root = await server.setUp();
  await server.send(rows.userCreate, { body: { name: 'alice' } }, root);
  const { body }: Reply<{ link: string }> = await server.send(
    rows.userLink,
    { params: { name: 'alice' } },
    root,
  );
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => complete({ link: body.link, password })),
  );
  expect(replies.map((reply) => reply.status).toSorted()).toEqual([200, 400, 400, 400, 400, 400]);
});
