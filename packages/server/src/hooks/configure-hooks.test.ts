/** Configuration of hooks: secrets, what is refused, and test deliveries. */
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hookKindNames, type Hook, type HookTest, type HookWithSecret } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import {
  listDeliveries,
  pushOf,
  startHookServer,
  type HookServer,
} from '../testing/hook-server.ts';

let database: TestDatabase;
let directory: string;
let server: HookServer;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-hooks-'));
  server = await startHookServer(database, {
    secretDirectory: directory,
    environment: { HOOK_KEY: 'a key', PATH: '/bin' },
    watch: false,
  });
});

afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  server.recorded.length = 0;
  await sql`delete from hooks`.execute(database.handle.db);
});

async function show(name: string): Promise<Hook> {
  return (await server.call('show', { path: name })).body;
}

test('a generated secret is shown once and stored as a hash, or as a key if it signs', async () => {
  const hook = await server.addHook('distribution');
  expect(hook.generatedSecret).toMatch(/^Bearer hook_[\w-]{43}$/);
  expect(hook.url).toMatch(/^https:\/\/lazaret\.example\.test\/sub\/hooks\/[0-9a-f]{32}$/);
  expect(JSON.stringify(await show(hook.name))).not.toContain(hook.generatedSecret);
  const signing = await server.addHook('gitea');
  const { rows } = await sql<{ text: string }>`
    select to_jsonb(hooks)::text as text from hooks order by kind`.execute(database.handle.db);
  expect(rows[0]?.text).not.toContain(hook.generatedSecret ?? '');
  expect(rows[1]?.text).toContain(signing.generatedSecret ?? '');
});

test('a rotated secret is effective at once', async () => {
  const hook = await server.addHook('harbor');
  const { body } = await server.call('update', {
    path: hook.name,
    body: { rotateSecret: true },
  });
  const renewed = body as HookWithSecret;
  expect(renewed.generatedSecret).not.toBe(hook.generatedSecret);
  expect((await server.deliver(hook, '{}')).status).toBe(401);
  expect((await server.deliver({ ...hook, ...renewed }, '{}')).status).toBe(202);
});

test('a secret file is read at each request and only from its directory', async () => {
  const file = join(directory, 'gitlab');
  await writeFile(file, 'first\n');
  const hook = await server.addHook('gitlab', { secret: 'file:gitlab' });
  expect(hook).toMatchObject({ generatedSecret: null, secret: 'file:gitlab' });
  const send = async (value: string): Promise<number> =>
    (await server.deliver({ ...hook, generatedSecret: value }, pushOf('one'))).status;
  expect([await send('first'), await send('second')]).toEqual([202, 401]);
  await writeFile(file, 'second');
  expect([await send('first'), await send('second')]).toEqual([401, 202]);
  await rm(file);
  const missing = await server.deliver({ ...hook, generatedSecret: 'second' }, pushOf('one'));
  expect(missing.status).toBe(503);
  // Where the file is concerns the operator, not the sender.
  expect(await missing.text()).not.toContain(directory);
  await symlink('/etc/hostname', file);
  expect(await send('anything')).toBe(503);
  const outside = await server.addHook('gitlab', { secret: 'file:/etc/hostname' });
  expect((await server.deliver({ ...outside, generatedSecret: 'x' }, '{}')).status).toBe(503);
});

test('a secret in the environment must have the prefix of hooks', async () => {
  const { status, body } = await server.call('add', {
    body: { name: 'x', registry: 'lab', kind: 'gitea', secret: 'env:PATH' },
  });
  expect(status).toBe(400);
  expect((body as { detail: string }).detail).toContain('begins with HOOK_');
  const hook = await server.addHook('gitea', { secret: 'env:HOOK_KEY' });
  const content = JSON.stringify({ package: { type: 'npm' } });
  const signature = createHmac('sha256', 'a key').update(content).digest('hex');
  const answer = await server.deliver(hook, content, { 'x-gitea-signature': signature });
  expect(answer.status).toBe(202);
});

test.each(hookKindNames)('a test delivery of %s goes through the real route', async (kind) => {
  const watching = await startHookServer(database, { watch: true });
  await sql`update registries set address = '111122223333.dkr.ecr.eu-west-1.example.test'
    where ${kind} = 'amazon-ecr'`.execute(database.handle.db);
  try {
    const more = kind === 'google-artifact-registry' ? { serviceAccount: 'push@example.test' } : {};
    const hook = await watching.addHook(kind, more);
    const { body } = await watching.call('test', { path: hook.name });
    const result = body as HookTest;
    expect(result).toMatchObject({ ok: true, status: 202 });
    expect(result.steps.map(({ name }) => name)).toEqual([
      ...['secret', 'authentication', 'processing', 'event'],
    ]);
    expect(watching.recorded).toEqual([]);
    expect(await listDeliveries(server, '?test=true')).toMatchObject([
      { state: 'processed', events: [{ outcome: 'test', repository: 'lazaret/hook-test' }] },
    ]);
  } finally {
    await watching.close();
  }
});

test('a test delivery says what is wrong', async () => {
  await writeFile(join(directory, 'key'), 'right');
  const hook = await server.addHook('gitea', { secret: 'file:key' });
  await rm(join(directory, 'key'));
  const { status, body } = await server.call('test', { path: hook.name });
  expect(status).toBe(503);
  expect((body as { detail: string }).detail).toContain('cannot be read (ENOENT)');
});

test.each([
  [{ kind: 'quay', authentication: 'header' }, 'expected path for quay, received header'],
  [{ kind: 'jfrog', authentication: 'path' }, 'expected hmac or header for jfrog, received path'],
  [{ kind: 'harbor', header: 'X-Secret' }, 'the header of harbor cannot be chosen'],
  [{ kind: 'google-artifact-registry' }, 'expected the service account'],
  [{ kind: 'zot', audience: 'x' }, 'zot does not authenticate with signed tokens'],
  [{ kind: 'zot', registry: 'none' }, 'there is no registry none'],
])('a hook with %j is refused with what was expected', async (request, detail) => {
  const { status, body } = await server.call('add', {
    body: { name: 'x', registry: 'lab', ...request },
  });
  expect(status).toBeGreaterThanOrEqual(400);
  expect((body as { detail: string }).detail).toContain(detail);
});
