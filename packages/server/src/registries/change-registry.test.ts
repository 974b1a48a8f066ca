/** Settings of watched registries: what is refused, and those of the configuration file. */
import { watchSettings, type WatchSettings } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { addRegistry, applyConfigured, changeRegistry, removeRegistry } from './change-registry.ts';
import { readRegistry, readWatched } from './store.ts';

let lab: WatchFixture;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
});
afterAll(() => lab.close());

const context = (source: 'api' | 'file') => ({
  ...{ database: lab.database, directory: lab.directory, actor: 'ana', source },
});

function add(
  given: Partial<WatchSettings> & { readonly name?: string; readonly address?: string } = {},
  source: 'api' | 'file' = 'api',
): Promise<string> {
  const { name = 'lab', address = 'registry.lab', ...settings } = given;
  const registry = { name, address, project: 'default', settings: watchSettings.parse(settings) };
  return addRegistry(registry, context(source));
}

test.each<[Parameters<typeof add>[0], string]>([
  [{ credentials: 'file:/etc/shadow' }, 'credentials: expected a file in the directory'],
  [{ credentials: 'file:../../local-token' }, 'credentials: expected a file in the directory'],
  [{ credentials: 'docker-config:/srv/docker/config.json' }, 'credentials: expected a file'],
  [{ credentials: 'env:DATABASE_URL' }, 'whose name starts with REGISTRY_'],
  [{ repositoryFile: '/etc/passwd' }, 'repositoryFile: expected a file'],
  [{ caFile: '/etc/ssl/private/key.pem' }, 'caFile: expected a file'],
  [{ plainHttp: true, skipVerify: true }, 'plainHttp: registry.lab is used without TLS'],
  [{ address: 'local' }, 'address: expected `local` with the kind `local`'],
  [{ kind: 'local' }, 'address: expected `local` with the kind `local`'],
  [{ address: 'registry' }, 'write registry:443'],
])('by the API, %j is refused', async (given, message) => {
  await expect(add(given)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(message),
  });
});

test('the configuration file may name any file and variable', async () => {
  await add({ credentials: 'file:/etc/shadow', caFile: '/srv/ca.pem' }, 'file');
  await add({ name: 'b', address: 'b.lab', credentials: 'env:DATABASE_URL' }, 'file');
});

test('one address and one name are watched once in a project', async () => {
  await add();
  await expect(add({ address: 'other.lab' })).rejects.toMatchObject({ code: 'already_exists' });
  await expect(add({ name: 'other' })).rejects.toMatchObject({
    code: 'already_exists',
    message: expect.stringContaining('watches registry.lab already'),
  });
});

test('the names of Docker Hub are one address', async () => {
  const id = await add({ address: 'registry-1.docker.io', kind: 'docker-hub' });
  expect(await readRegistry(lab.database, id)).toMatchObject({ address: 'docker.io' });
});

test('a registry of the file is changed by the file only, and goes with its entry', async () => {
  const settings = watchSettings.parse({ repositories: ['lab/*'] });
  const one = { name: 'one', address: 'one.lab', project: 'default', settings };
  const two = { ...one, name: 'two', address: 'two.lab' };
  await applyConfigured([one, two], context('file'));
  await applyConfigured([one, two], context('file'));
  const rows = await lab.database.selectFrom('registries').selectAll().orderBy('name').execute();
  expect(rows.map(({ name, source }) => [name, source])).toEqual([
    ['one', 'file'],
    ['two', 'file'],
  ]);
  const registry = await readWatched(lab.database, rows[0]?.id ?? '');
  if (registry === undefined) throw new Error('the registry is gone');
  await expect(changeRegistry(registry, { enabled: false }, context('api'))).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(removeRegistry(registry, context('api'))).rejects.toMatchObject({
    code: 'conflict',
  });
  await applyConfigured([{ ...one, settings: { ...settings, backlog: 7 } }], context('file'));
  const after = await lab.database.selectFrom('registries').selectAll().execute();
  expect(after.map(({ name, settings: { backlog } }) => [name, backlog])).toEqual([['one', 7]]);
  const events = await lab.database
    .selectFrom('events')
    .select(['type', 'subject'])
    .where('subject', 'in', ['one', 'two'])
    .orderBy('id')
    .execute();
  expect(events.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
    ...['registry.added one', 'registry.added two', 'registry.removed two'],
    'registry.changed one',
  ]);
});

test('a registry that was added by the API and is in the file now belongs to the file', async () => {
  const id = await add({ backlog: 3 });
  const settings = watchSettings.parse({ backlog: 9 });
  const one = { name: 'lab', address: 'registry.lab', project: 'default', settings };
  await applyConfigured([one], context('file'));
  expect(await readRegistry(lab.database, id)).toMatchObject({
    ...{ id, source: 'file' },
    settings: { backlog: 9 },
  });
});
