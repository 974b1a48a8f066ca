import { operations, type Permission, type Token } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import {
  startAccessServer,
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
let alice: Visitor;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  server = await startAccessServer(database);
  root = await server.setUp();
  for (const name of ['red', 'blue']) {
    await server.send(rows.projectCreate, { body: { name } }, root);
  }
  const grants = [
    { role: 'submitter', project: 'red' },
    { role: 'viewer', project: 'blue' },
  ] as const;
  await server.send(
    rows.userCreate,
    { body: { name: 'alice', password, grants: [...grants] } },
    root,
  );
  alice = await server.signIn('alice', password);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

interface Request {
  readonly days?: number;
  readonly permissions?: [Permission, ...Permission[]];
  readonly project?: string;
}

function make(
  visitor: Visitor,
  request: Request = {},
): Promise<Reply<{ token: Token; secret: string }>> {
  return server.send(rows.tokenCreate, { body: { name: 'ci', ...request } }, visitor);
}

async function bearer(visitor: Visitor, request: Request = {}): Promise<Visitor> {
  const reply = await make(visitor, request);
  if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
  return { token: reply.body.secret };
}

function whoami(visitor: Visitor): Promise<Reply<{ permissions: string[]; projects: string[] }>> {
  return server.send(rows.sessionShow, {}, visitor);
}

async function list(visitor: Visitor, query = {}): Promise<Token[]> {
  const reply: Reply<{ items: Token[] }> = await server.send(rows.tokenList, { query }, visitor);
  expect(reply.status).toBe(200);
  return reply.body.items;
}

test('a token acts as its owner, shows its secret once and is stored as a hash', async () => {
  const { body, status } = await make(alice);
  expect(status).toBe(201);
  expect(body.secret).toMatch(/^lz_[A-Za-z0-9_-]{43}$/);
  expect(body.token.prefix).toBe(body.secret.slice(0, 9));
  const identity = await whoami({ token: body.secret });
  expect(identity.body).toMatchObject({ kind: 'token', name: 'alice', csrf: null });
  expect(identity.body.projects).toEqual(['blue', 'red']);
  const [newest] = await list(alice);
  expect(newest).toMatchObject({ id: body.token.id, name: 'ci', owner: 'alice' });
  expect(JSON.stringify(newest)).not.toContain(body.secret);
});

test('a restricted token only allows its permissions', async () => {
  const reads = await bearer(alice, { permissions: ['jobs.read'] });
  expect((await whoami(reads)).body.permissions).toEqual(['jobs.read']);
  const blue = await bearer(alice, { project: 'blue' });
  const identity = await whoami(blue);
  expect(identity.body.projects).toEqual(['blue']);
  expect(identity.body.permissions).not.toContain('jobs.submit');
  const red = await bearer(alice, { project: 'red', permissions: ['jobs.submit'] });
  expect((await whoami(red)).body).toMatchObject({
    permissions: ['jobs.submit'],
    projects: ['red'],
  });
});

test('a token cannot be created with more permissions than its creator has', async () => {
  expect(await make(alice, { permissions: ['users.manage'] })).toMatchObject({ status: 403 });
  expect(await make(alice, { project: 'default' })).toMatchObject({ status: 404 });
  expect(await make(alice, { project: 'no-such-project' })).toMatchObject({ status: 404 });
});

test('a token cannot be created with a permission that its creator has in another project', async () => {
  const elsewhere = await make(alice, { permissions: ['jobs.submit'], project: 'blue' });
  expect(elsewhere).toMatchObject({
    status: 403,
    body: { detail: 'jobs.submit in blue exceeds your permissions' },
  });
  const wide = await bearer(alice, { permissions: ['jobs.submit', 'jobs.read'] });
  expect(await make(wide, { project: 'blue' })).toMatchObject({ status: 403 });
  for (const [permission, project] of [
    ['jobs.submit', 'red'],
    ['jobs.read', 'blue'],
    ['engines.read', 'blue'],
  ] as const) {
    expect(await make(alice, { permissions: [permission], project })).toMatchObject({
      status: 201,
    });
  }
  expect(await make(root, { permissions: ['users.manage'], project: 'blue' })).toMatchObject({
    status: 201,
  });
});

test('a token cannot create a broader or longer-lived one', async () => {
  const narrow = await bearer(alice, { permissions: ['jobs.read'], project: 'red', days: 2 });
  expect(await make(narrow, { permissions: ['jobs.read', 'jobs.submit'] })).toMatchObject({
    status: 403,
  });
  expect(await make(narrow, { project: 'blue' })).toMatchObject({ status: 404 });
  const child = await make(narrow, { days: 300 });
  expect(child.body.token).toMatchObject({ permissions: ['jobs.read'], project: 'red' });
  const [own] = (await list(alice)).filter((token) => token.id !== child.body.token.id);
  expect(child.body.token.expiresAt).toBe(own!.expiresAt);
});

test('a restricted token only lists and revokes tokens that are not broader', async () => {
  const wide = await make(alice);
  const maker = await bearer(alice, { permissions: ['jobs.read', 'jobs.submit'], project: 'red' });
  const child = await make(maker, { permissions: ['jobs.read'] });
  const seen = await list(maker);
  expect(seen.map((token) => token.id)).toContain(child.body.token.id);
  expect(seen.every((token) => token.project === 'red')).toBe(true);
  const revoke = (id: string) => server.send(rows.tokenRevoke, { params: { id } }, maker);
  expect((await revoke(wide.body.token.id)).status).toBe(404);
  expect((await revoke(child.body.token.id)).status).toBe(204);
  expect((await whoami({ token: wide.body.secret })).status).toBe(200);
});

test('a restricted token of an administrator cannot create a user with more permissions', async () => {
  const narrow = await bearer(root, { permissions: ['users.manage'] });
  const send = server.send;
  const grants = [{ role: 'administrator' as const, project: null }];
  const strong = { body: { name: 'mallory', password, grants } };
  expect((await send(rows.userCreate, strong, narrow)).status).toBe(403);
  expect(
    (await send(rows.userCreate, { body: { name: 'mallory', password } }, narrow)).status,
  ).toBe(201);
  const raise = { params: { name: 'mallory' }, body: { grants } };
  expect((await send(rows.userUpdate, raise, narrow)).status).toBe(403);
  const other = { params: { name: 'alice' } };
  expect((await send(rows.userLink, other, narrow)).status).toBe(403);
  const set = { ...other, body: { password } };
  expect((await send(rows.passwordChange, set, narrow)).status).toBe(403);
  const disable = { ...other, body: { disabled: false } };
  expect((await send(rows.userUpdate, disable, narrow)).status).toBe(200);
});

test('a token that is revoked, expired or of a disabled owner is refused at the next call, with the reason', async () => {
  const [first, second, third] = [await make(alice), await make(alice), await make(alice)];
  const { id } = first.body.token;
  for (let again = 0; again < 2; again += 1) {
    expect((await server.send(rows.tokenRevoke, { params: { id } }, alice)).status).toBe(204);
  }
  expect((await whoami({ token: first.body.secret })).body).toMatchObject({
    code: 'unauthenticated',
    detail: 'the token was revoked',
  });
  await sql`update tokens set expires_at = now() where id = ${second.body.token.id}`.execute(
    database.handle.db,
  );
  expect((await whoami({ token: second.body.secret })).body).toMatchObject({
    detail: 'the token has expired',
  });
  const params = { name: 'alice' };
  await server.send(rows.userUpdate, { params, body: { disabled: true } }, root);
  const refused = await whoami({ token: third.body.secret });
  expect(refused).toMatchObject({
    status: 401,
    body: { detail: 'the user of the token is disabled' },
  });
  expect((await whoami(alice)).status).toBe(401);
  await server.send(rows.userUpdate, { params, body: { disabled: false } }, root);
  expect((await whoami({ token: third.body.secret })).status).toBe(200);
  alice = await server.signIn('alice', password);
});

test('the permissions of a token follow its owner at each call', async () => {
  const submit = await bearer(alice, { permissions: ['jobs.submit'] });
  const counts = () => server.send(operations.jobs.submit, { body: { engine: 'strings' } }, submit);
  expect((await counts()).status).toBe(404);
  const params = { name: 'alice' };
  const before = [
    { role: 'submitter', project: 'red' },
    { role: 'viewer', project: 'blue' },
  ] as const;
  await server.send(rows.userUpdate, { params, body: { grants: [before[1]] } }, root);
  expect((await counts()).status).toBe(403);
  await server.send(rows.userUpdate, { params, body: { grants: [...before] } }, root);
  expect((await counts()).status).toBe(404);
});

test.each([
  ['', 'another scheme'],
  ['Basic YWxpY2U6cHc=', 'another scheme'],
  ['Bearer', 'an API token'],
  ['Bearer lz_short', 'an API token'],
  [`Bearer lz_${'A'.repeat(43)} extra`, 'an API token'],
  [`Bearer lzs_${'A'.repeat(43)}`, 'an API token'],
  [`Bearer ${'A'.repeat(46)}`, 'an API token'],
  [`lz_${'A'.repeat(43)}`, 'another scheme'],
  [`Bearer lz_${'A'.repeat(43)}`, 'unknown token'],
])('Authorization %j is refused, also with a valid cookie', async (authorization, detail) => {
  const reply = await server.send(rows.sessionShow, {}, { ...alice, headers: { authorization } });
  expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect((reply.body as { detail: string }).detail).toContain(detail);
  expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer realm="lazaret"/);
});

test.each(['lazaret_session=', 'lazaret_session=x', `lazaret_session=lz_${'A'.repeat(43)}`])(
  'the cookie %s is refused',
  async (cookie) => {
    const reply = await whoami({ cookie: `theme=dark; ${cookie}` });
    expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  },
);

test('two session cookies are refused as ambiguous', async () => {
  expect((await whoami({ cookie: `${alice.cookie}; ${root.cookie}` })).status).toBe(401);
});

test('a session secret does not pass as a token, nor a token as a session', async () => {
  const [, secret = ''] = alice.cookie!.split('=');
  expect((await whoami({ token: secret })).status).toBe(401);
  expect((await whoami({ token: `lz_${secret.slice(4)}` })).status).toBe(401);
  const { body } = await make(alice);
  expect((await whoami({ cookie: `lazaret_session=lzs_${body.secret.slice(3)}` })).status).toBe(
    401,
  );
});

test('tokens are listed by their owner, and by administrators for everyone', async () => {
  expect((await list(alice)).every((token) => token.owner === 'alice')).toBe(true);
  const everyone = await list(root);
  expect(new Set(everyone.map((token) => token.owner))).toEqual(new Set(['alice', 'root']));
  const hers = await list(root, { owner: 'alice' });
  expect(new Set(hers.map((token) => token.owner))).toEqual(new Set(['alice']));
  const reply = await server.send(rows.tokenList, { query: { owner: 'root' } }, alice);
  expect(reply.status).toBe(403);
  const one = hers[0]!;
  expect((await server.send(rows.tokenRevoke, { params: { id: one.id } }, root)).status).toBe(204);
  expect((await list(alice)).find((token) => token.id === one.id)?.revokedAt).not.toBeNull();
});

test('the token of another user does not exist for the caller', async () => {
  const { body } = await make(root);
  const ids = [body.token.id, '0000000000000000'];
  const replies = await Promise.all(
    ids.map((id) => server.send(rows.tokenRevoke, { params: { id } }, alice)),
  );
  const [foreign, missing] = replies.map(({ status, body: problem }, position) => {
    const { requestId: _, ...rest } = problem as { requestId: string };
    return { status, rest: JSON.stringify(rest).replaceAll(ids[position]!, 'ID') };
  });
  expect(foreign).toEqual(missing);
  expect(foreign!.status).toBe(404);
});

test('pages have every token once, newest first', async () => {
  const all = (await list(alice, { limit: 200 })).map((token) => token.id);
  const paged: string[] = [];
  let cursor: string | null = null;
  do {
    const reply: Reply<{ items: Token[]; next: string | null }> = await server.send(
      rows.tokenList,
      { query: { limit: 3, ...(cursor === null ? {} : { cursor }) } },
      alice,
    );
    paged.push(...reply.body.items.map((token) => token.id));
    cursor = reply.body.next;
  } while (cursor !== null);
  expect(paged).toEqual(all);
  expect(all).toEqual(all.toSorted().toReversed());
});

test('one user has a limited number of valid tokens, also with concurrent requests', async () => {
  await server.send(rows.userCreate, { body: { name: 'bob', password } }, root);
  const bob = await server.signIn('bob', password);
  const all = await Promise.all(
    Array.from({ length: accessLimits.tokensPerUser + 10 }, () => make(bob)),
  );
  expect(all.filter((reply) => reply.status === 201)).toHaveLength(accessLimits.tokensPerUser);
  expect(all.filter((reply) => reply.status === 409)).toHaveLength(10);
  await sql`update tokens set revoked_at = now() where user_name = 'bob'`.execute(
    database.handle.db,
  );
  expect((await make(bob)).status).toBe(201);
});

test('the last use of a token is shown, and written at most once a minute', async () => {
  const { body } = await make(alice);
  const lastUse = async () =>
    (await list(alice)).find((token) => token.id === body.token.id)?.lastUsedAt;
  expect(await lastUse()).toBeNull();
  await whoami({ token: body.secret });
  const used = await lastUse();
  expect(used).not.toBeNull();
  await whoami({ token: body.secret });
  expect(await lastUse()).toBe(used);
});

test('a token has no session to end', async () => {
  const token = await bearer(alice);
  expect((await server.send(rows.sessionDelete, {}, token)).status).toBe(400);
});
