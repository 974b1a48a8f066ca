import { operations, type Project } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import {
  startAccessServer,
  type AccessServer,
  type Reply,
  type Visitor,
} from '../testing/access-server.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';

const rows = operations.access;
const password = 'a long enough phrase';
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

function create(name: string, as = root): Promise<Reply<Project>> {
  return server.send(rows.projectCreate, { body: { name, title: `The ${name}` } }, as);
}

function remove(name: string): Promise<Reply<never>> {
  return server.send(rows.projectDelete, { params: { name } }, root);
}

async function list(as: Visitor): Promise<string[]> {
  const reply: Reply<{ items: Project[] }> = await server.send(rows.projectList, {}, as);
  return reply.body.items.map((project) => project.name);
}

test('people see the projects of their grants, and no others', async () => {
  for (const name of ['red', 'blue', 'green']) expect((await create(name)).status).toBe(201);
  const grants = [
    { role: 'viewer', project: 'red' },
    { role: 'operator', project: 'blue' },
  ] as const;
  const body = { name: 'alice', password, grants: [...grants] };
  await server.send(rows.userCreate, { body }, root);
  const alice = await server.signIn('alice', password);
  expect(await list(alice)).toEqual(['blue', 'red']);
  expect(await list(root)).toEqual(['blue', 'default', 'green', 'red']);
  expect((await create('mine', alice)).status).toBe(403);
});

test('a project name that exists is refused, also in concurrent requests', async () => {
  const replies = await Promise.all(Array.from({ length: 6 }, () => create('twice')));
  expect(replies.map((reply) => reply.status).toSorted()).toEqual([201, 409, 409, 409, 409, 409]);
});

test('the default project and unknown projects cannot be removed', async () => {
  expect(await remove('default')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect((await remove('no-such-project')).status).toBe(404);
});

test('a project with content cannot be removed; an empty one is removed with its grants and tokens', async () => {
  await create('doomed');
  const grants = [{ role: 'viewer', project: 'doomed' } as const];
  await server.send(rows.userCreate, { body: { name: 'bob', password, grants } }, root);
  const bob = await server.signIn('bob', password);
  const made: Reply<{ secret: string }> = await server.send(
    rows.tokenCreate,
    { body: { name: 'ci', project: 'doomed' } },
    bob,
  );
  const { db } = database.handle;
  const sha256 = 'a'.repeat(64);
  await db.insertInto('blobs').values({ sha256, size_bytes: 1 }).execute();
  await db
    .insertInto('artifacts')
    .values({ project: 'doomed', sha256, name: 'x', created_by: 'bob' })
    .execute();
  expect(await remove('doomed')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  await db.deleteFrom('artifacts').execute();
  expect((await remove('doomed')).status).toBe(204);
  expect((await server.send(rows.projectList, {}, bob)).status).toBe(403);
  const token = made.body.secret;
  expect((await server.send(rows.sessionShow, {}, { token })).status).toBe(401);
});

test('a file that is uploaded while its project is removed is either stored or refused', async () => {
  const { db } = database.handle;
  const sha256 = 'b'.repeat(64);
  await db.insertInto('blobs').values({ sha256, size_bytes: 1 }).execute();
  for (let round = 0; round < 10; round += 1) {
    await create('racing');
    const arrival = db
      .insertInto('artifacts')
      .values({ project: 'racing', sha256, name: 'x', created_by: 'bob' })
      .execute()
      .then(() => true)
      .catch(() => false);
    const [arrived, removal] = await Promise.all([arrival, remove('racing')]);
    expect(removal.status).toBe(arrived ? 409 : 204);
    await db.deleteFrom('artifacts').where('project', '=', 'racing').execute();
    if (arrived) await remove('racing');
  }
});

test('the legacy API is open without a token only where the operator allows it', async () => {
  const open = await startAccessServer(database, { anonymousLegacy: true });
  const { upload, result, link } = operations.legacy;
  const id = '0000000000000000';
  try {
    for (const [from, expected] of [
      [server, 401],
      [open, 404],
    ] as const) {
      const engine = 'strings';
      const statuses = [
        (await from.send(upload, { params: { engine } })).status,
        (await from.send(result, { params: { id } })).status,
        (await from.send(link, { params: { id } })).status,
      ];
      expect(statuses).toEqual([expected, expected, expected]);
    }
    for (const operation of [operations.jobs.list, rows.sessionShow, operations.engines.list]) {
      expect((await open.send(operation)).status).toBe(401);
    }
    const wrong = { token: `lz_${'A'.repeat(43)}` };
    expect((await open.send(result, { params: { id } }, wrong)).status).toBe(401);
    const cookie = { cookie: 'lazaret_session=over' };
    expect((await open.send(result, { params: { id } }, cookie)).status).toBe(401);
  } finally {
    await open.close();
  }
});

test('anonymous callers see only the project default', async () => {
  const open = await startAccessServer(database, { anonymousLegacy: true });
  const operation = operations.legacy.upload;
  const anonymous = await open.access.authenticate({ headers: {}, address: '', operation });
  await open.close();
  expect(anonymous).toMatchObject({
    kind: 'anonymous',
    name: 'anonymous',
    onlyProject: 'default',
    onlyPermissions: ['jobs.submit', 'jobs.read'],
  });
});
