/** Hooks of the configuration file: added, changed and removed with it, and read-only elsewhere. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hookRequest, type Hook } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { options } from '../floor/config/options.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { pushOf, startHookServer, type HookServer } from '../testing/hook-server.ts';
import { applyConfigured } from './apply-configured.ts';

let database: TestDatabase;
let server: HookServer;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  directory = await mkdtemp(join(tmpdir(), 'lazaret-hooks-'));
  await writeFile(join(directory, 'secret'), 'Bearer one\n');
  server = await startHookServer(database, { environment: { SECRET: 'Bearer two' } });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  await sql`delete from hooks`.execute(database.handle.db);
});

/** Items as they are written in the file. */
async function apply(...items: readonly object[]): Promise<void> {
  const configured = options.hooks.schema.parse(items);
  await applyConfigured(configured, { database: database.handle.db, publicUrl: '' });
}

async function show(name: string): Promise<Hook> {
  return (await server.call('show', { path: name })).body;
}

function item(more: object = {}): object {
  const secret = `file:${join(directory, 'secret')}`;
  return { name: 'lab', registry: 'lab', kind: 'distribution', secret, ...more };
}

async function send(hook: Hook, secret: string): Promise<number> {
  const { status } = await server.deliver(
    { ...hook, generatedSecret: secret, secretUrl: null },
    pushOf('one'),
  );
  return status;
}

test('its secret is read from any file or variable that the configuration file names', async () => {
  await apply(item());
  const hook = await show('lab');
  expect(hook).toMatchObject({
    source: 'file',
    createdBy: 'configuration',
    header: 'Authorization',
  });
  expect([await send(hook, 'Bearer one'), await send(hook, 'Bearer two')]).toEqual([202, 401]);
  await apply(item({ secret: 'env:SECRET', ignoreActors: ['robot'] }));
  const changed = await show('lab');
  // The same address, and its deliveries stay.
  expect(changed).toMatchObject({ url: hook.url, ignoreActors: ['robot'] });
  expect(changed.counts.queued).toBe(1);
  expect(await send(changed, 'Bearer two')).toBe(202);
  const { rows } = await sql<{ type: string; data: unknown }>`select type, data from events
    where type like 'hook.%' and subject = 'lab' order by id`.execute(database.handle.db);
  expect(rows.filter(({ type }) => type !== 'hook.delivery_refused')).toMatchObject([
    { type: 'hook.added' },
    { type: 'hook.changed', data: { changed: ['secret_reference', 'ignore_actors'] } },
  ]);
});

test('the API neither changes nor removes it, and it goes with its entry', async () => {
  await apply(item());
  for (const call of ['update', 'remove'] as const) {
    const body = call === 'update' ? { body: { ignoreActors: [] } } : {};
    const answer = await server.call(call, { path: 'lab', ...body });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      detail: 'the hook lab is defined in the configuration file of the server; change it there',
    });
  }
  await apply();
  expect((await server.call('show', { path: 'lab' })).status).toBe(404);
});

test('a hook of the API that the file names becomes one of the file with its address', async () => {
  const before = await server.addHook('distribution');
  await apply(item({ name: before.name }));
  expect(await show(before.name)).toMatchObject({ source: 'file', url: before.url });
  expect(await send(before, before.generatedSecret ?? '')).toBe(401);
  await expect(apply(item({ name: before.name, kind: 'zot' }))).resolves.toBeUndefined();
  // Another kind is another hook.
  expect((await show(before.name)).url).not.toBe(before.url);
});

test('the file may fix the address, so that registries can be configured first', async () => {
  await apply(item({ path: 'lab-0123456789abcdef' }));
  expect((await show('lab')).url).toMatch(/\/hooks\/lab-0123456789abcdef$/);
});

test.each([
  [{ secret: undefined }, 'secret: expected file:PATH or env:NAME; only the API generates secrets'],
  [{ registry: 'none' }, 'there is no registry none'],
  [{ kind: 'harbor', header: 'X-Any' }, 'the header of harbor cannot be chosen'],
  [
    { kind: 'google-artifact-registry', secret: undefined, serviceAccount: 'push@example.test' },
    'audience: expected the audience of the tokens, or the option publicUrl',
  ],
])('an item with %j is refused with its name and what was expected', async (more, message) => {
  await expect(apply(item(more))).rejects.toMatchObject({
    message: expect.stringMatching(/^hook lab of the configuration file: /),
  });
  await expect(apply(item(more))).rejects.toThrow(message);
  // What is in force stays as it is.
  expect((await server.call('show', { path: 'lab' })).status).toBe(404);
});

test('a hook of the API with the same name and another kind is not taken over', async () => {
  const before = await server.addHook('zot');
  await expect(apply(item({ name: before.name }))).rejects.toMatchObject({
    code: 'already_exists',
  });
  expect(await show(before.name)).toMatchObject({ source: 'api', kind: 'zot' });
});

test('an unknown setting and a short path are refused before the server starts', () => {
  const parse = (more: object) => options.hooks.schema.safeParse([item(more)]).success;
  expect([parse({}), parse({ sekret: 'x' }), parse({ path: 'short' })]).toEqual([
    true,
    false,
    false,
  ]);
  // A hook that callers of the API add has no fixed address.
  expect(Object.keys(hookRequest.shape)).not.toContain('path');
});
