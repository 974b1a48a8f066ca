/** What `check` says of registries in which something does not work. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startFakeRegistry, type FakeRegistry, type RegistryFault } from '@lazaret/oci/testing';
import type { WatchSettings } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { checkRegistry } from './check-registry.ts';
import { readRegistry, readWatched } from './store.ts';

let lab: WatchFixture;
let closed: FakeRegistry;
const { signal } = new AbortController();

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
  lab.registry.store.putImage('lab/app', '1', await buildTiny());
  const access = { mode: 'basic', users: { ana: 'secret words' } } as const;
  closed = await startFakeRegistry({ now: () => Date.now(), access });
  closed.store.putImage('lab/closed', '1', await buildTiny());
});
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
  lab.registry.faults.off();
});
afterAll(async () => {
  await closed.close();
  await lab.close();
});

async function check(
  settings: Partial<WatchSettings> = {},
  address = lab.registry.host,
): Promise<Record<string, string>> {
  const id = await lab.watch(settings, address);
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  const { results } = await checkRegistry(lab.parts, registry, { actor: 'ana', signal });
  expect((await readRegistry(lab.database, id)).check?.results).toEqual(results);
  return Object.fromEntries(
    results.map(({ name, state, detail }) => [name, `${state}: ${detail}`]),
  );
}

test('all parts of a registry that works are said to work', async () => {
  const before = lab.registry.store.repository('lab/app').manifests.size;
  expect(await check()).toEqual({
    credentials: `ok: none has no credentials for ${lab.registry.host}: anonymous`,
    tls: expect.stringMatching(/^warning: HTTP without TLS/),
    'sign-in': 'ok: accepted',
    reach: `ok: ${lab.registry.host} answers as a registry`,
    catalog: 'ok: the catalog has 1 repository, 1 of them watched',
    tags: 'ok: the tags of lab/app can be listed',
    delete: 'ok: manifests can be deleted',
    referrers: 'ok: the referrers API is available',
    webhook: expect.stringMatching(/^unknown/),
  });
  expect(lab.registry.store.repository('lab/app').manifests.size).toBe(before);
});

test.each<[RegistryFault, string, RegExp]>([
  ['no-deletion', 'delete', /^warning: deletion is disabled/],
  ['no-referrers', 'referrers', /^warning: no referrers API/],
  ['no-catalog', 'catalog', /^failed: .*name them instead/],
])('with the fault %s the part %s says so', async (fault, part, expected) => {
  lab.registry.faults.on(fault);
  expect((await check())[part]).toMatch(expected);
});

test('a catalog that is missing is not a failure when repositories are named', async () => {
  lab.registry.faults.on('no-catalog');
  const found = await check({ repositories: ['lab/app'] });
  expect(found['catalog']).toMatch(/^warning/);
  expect(found['tags']).toBe('ok: the tags of lab/app can be listed');
});

test('where nothing answers, the rest is unknown', async () => {
  const found = await check({}, '127.0.0.1:1');
  expect(found['reach']).toMatch(/^failed: .*connection refused.*\(unreachable\)$/);
  expect(found['delete']).toBe('unknown: the registry cannot be used');
});

test('a server without TLS is named as the cause', async () => {
  const found = await check({ plainHttp: false, skipVerify: true });
  expect(found['reach']).toMatch(/^failed: .*TLS/i);
});

test('credentials are read from a file at each use, and never shown', async () => {
  const path = join(lab.directory, 'secret');
  await writeFile(path, 'ana:wrong words\n');
  const settings = { credentials: 'file:secret' };
  const refused = await check(settings, closed.host);
  expect(refused['sign-in']).toBe('failed: the credentials are refused with status 401');
  await writeFile(path, 'ana:secret words\n');
  await lab.database.deleteFrom('registries').execute();
  const accepted = await check(settings, closed.host);
  expect(accepted['credentials']).toBe('ok: file:secret: user ana');
  expect(accepted['sign-in']).toBe('ok: accepted');
  expect(accepted['tags']).toBe('ok: the tags of lab/closed can be listed');
  expect(JSON.stringify([refused, accepted])).not.toContain('words');
});

test('credentials come from config.json too, and from a variable', async () => {
  const auth = Buffer.from('ana:secret words').toString('base64');
  const config = { auths: { [closed.host]: { auth } } };
  await writeFile(join(lab.directory, 'config.json'), JSON.stringify(config));
  for (const credentials of ['docker-config:config.json', 'file:config.json']) {
    await lab.database.deleteFrom('registries').execute();
    expect((await check({ credentials }, closed.host))['sign-in']).toBe('ok: accepted');
  }
  await lab.database.deleteFrom('registries').execute();
  const missing = await check({ credentials: 'env:REGISTRY_LAB' }, closed.host);
  expect(missing['credentials']).toMatch(/^failed: the variable REGISTRY_LAB .* is not set/);
});

test('a file with malformed credentials is refused without a word of it', async () => {
  await writeFile(join(lab.directory, 'malformed'), 'ana secret words');
  const found = await check({ credentials: 'file:malformed' }, closed.host);
  expect(found['credentials']).toMatch(/^failed: .*expected one line USER:PASSWORD/);
  expect(JSON.stringify(found)).not.toContain('secret words');
});

const team = { repositories: ['lab/**'] };

test.each<[string, Partial<WatchSettings>, string]>([
  [
    'the API of Harbor',
    { ...team, kind: 'harbor' },
    'warning: the API of Harbor has 1 repository, 1 of them watched; ' +
      'private projects need a user and password',
  ],
  [
    'the API of Quay',
    { ...team, kind: 'quay' },
    'warning: the API of Quay has 1 repository, 1 of them watched; ' +
      'private repositories need the token of an application, as user $oauthtoken',
  ],
  [
    'the catalog of Quay, whose API lists namespaces only',
    { kind: 'quay' },
    'ok: the catalog has 1 repository, 1 of them watched',
  ],
  [
    'no list at all',
    { kind: 'docker-hub' },
    'failed: Docker Hub has no list of all repositories: expected patterns that begin with a ' +
      'namespace, such as NAMESPACE/**; repositories with wildcards are not found; name them instead',
  ],
])('the check says that repositories are found by %s', async (_, settings, expected) => {
  expect((await check(settings))['catalog']).toBe(expected);
});
