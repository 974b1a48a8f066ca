/** Credentials and tokens, against the fake registry. */
import { expect, test } from 'vitest';

import type { FakeRegistryOptions, FakeRegistry } from '../../testing/fake-registry.ts';

import type { RegistryAccess } from '../../testing/registry-access.ts';

import {
  buildSample,
  digestLayer,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from '@lazaret/analysis/testing';

import type { Credential } from './credential.ts';

import type { CredentialSource } from './credential.ts';

import type { RegistrySourceOptions } from '../registry-source.ts';

const harness = useRegistryHarness();
const users = { ana: 'pass:word with, "signs"' } as const;
const ana: Credential = { kind: 'password', username: 'ana', password: users.ana };

function only(credential: Credential): CredentialSource {
  return { find: async () => credential };
}

async function prepare(
  access: RegistryAccess,
  options: Partial<FakeRegistryOptions> = {},
): Promise<FakeRegistry> {
  const registry = await harness.start({ access, ...options });
  registry.store.putImage('team/app', 'latest', await buildSample());
  return registry;
}

async function readAll(
  registry: FakeRegistry,
  options: Partial<RegistrySourceOptions>,
): Promise<string[]> {
  const source = harness.open(`${registry.host}/team/app`, options);
  return digestLayers(firstImage((await source.list('default')).images));
}

test('Basic credentials are sent only after a challenge', async () => {
  const registry = await prepare({ mode: 'basic', users });
  await readAll(registry, { credentials: only(ana) });
  const [first, ...others] = registry.requests;
  expect(first?.authorization).toBeUndefined();
  expect(others.map(({ authorization }) => authorization?.split(' ')[0])).toEqual(
    others.map(() => 'Basic'),
  );
});

test('a changed password is used as soon as the old one is refused', async () => {
  const passwords: Record<string, string> = { ana: 'old password' };
  const registry = await prepare({ mode: 'basic', users: passwords });
  let asked = 0;
  const credentials: CredentialSource = {
    async find() {
      asked += 1;
      return { kind: 'password', username: 'ana', password: passwords['ana'] ?? '' };
    },
  };
  const source = harness.open(`${registry.host}/team/app`, { credentials });
  await source.list('default');
  expect(asked).toBe(1);
  passwords['ana'] = 'new password';
  await source.list('default');
  expect(asked).toBe(2);
});

test('a missing or wrong password is reported', async () => {
  const registry = await prepare({ mode: 'basic', users });
  await expect(readAll(registry, {})).rejects.toMatchObject({
    code: 'unauthorized',
    message: expect.stringContaining('user name'),
  });
  const wrong = only({ ...ana, password: 'wrong' });
  await expect(readAll(registry, { credentials: wrong })).rejects.toMatchObject({
    code: 'unauthorized',
  });
  expect(registry.requests.length).toBeLessThan(5);
});

test.each(['token', 'access_token'] as const)(
  'tokens come as %s, one for all requests',
  async (tokenField) => {
    const registry = await prepare({ mode: 'token', users, tokenField });
    await readAll(registry, { credentials: only(ana) });
    const asked = registry.requests.filter(({ path }) => path.startsWith('/token'));
    expect(asked).toHaveLength(1);
    const query = new URLSearchParams(asked[0]?.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({
      service: 'fake registry',
      scope: 'repository:team/app:pull',
      client_id: 'lazaret',
      account: 'ana',
    });
  },
);

test('public images need no credentials, private images report that they do', async () => {
  const access = { mode: 'token', users, publicRepositories: ['team/app'] } as const;
  const registry = await prepare(access);
  await readAll(registry, {});
  expect(registry.requests.some(({ authorization }) => authorization?.startsWith('Basic'))).toBe(
    false,
  );
  registry.store.putImage('team/secret', 'latest', await buildSample());
  const source = harness.open(`${registry.host}/team/secret`);
  await expect(source.list('default')).rejects.toMatchObject({ code: 'unauthorized' });
});

test('several challenges with commas and quotes are parsed', async () => {
  const registry = await prepare({ mode: 'token', users });
  registry.faults.on('several-challenges');
  await readAll(registry, { credentials: only(ana) });
  const asked = registry.requests.find(({ path }) => path.startsWith('/token'));
  expect(new URLSearchParams(asked?.path.split('?')[1]).getAll('scope')).toEqual([
    'repository:team/app:pull,push',
  ]);
});

test('a refresh token is exchanged with POST, or with GET where POST is unsupported', async () => {
  const refreshTokens = { 'refresh-me': 'ana' };
  const credentials = only({ kind: 'identity', token: 'refresh-me' });
  const registry = await prepare({ mode: 'token', refreshTokens });
  await readAll(registry, { credentials });
  expect(registry.requests.find(({ path }) => path === '/token')).toMatchObject({ method: 'POST' });
  const older = await prepare({ mode: 'token', users: { ana: 'refresh-me' }, noPost: true });
  const named = only({ kind: 'identity', username: 'ana', token: 'refresh-me' });
  await readAll(older, { credentials: named });
  const methods = older.requests.filter(({ path }) => path.startsWith('/token'));
  expect(methods.map(({ method }) => method)).toEqual(['POST', 'GET']);
});

test('a token is renewed before it expires', async () => {
  const registry = await prepare({ mode: 'token', users, tokenSeconds: 100 });
  const source = harness.open(`${registry.host}/team/app`, { credentials: only(ana) });
  await source.list('default');
  harness.clock.pass(80_000);
  await source.list('default');
  expect(registry.gate.issuedCount).toBe(1);
  harness.clock.pass(15_000);
  await source.list('default');
  expect(registry.gate.issuedCount).toBe(2);
  const refused = registry.requests.filter(({ status }) => status() === 401);
  expect(refused).toHaveLength(1);
});

test('a token that expires in the middle of a layer is renewed, and the layer resumes', async () => {
  const registry = await prepare({ mode: 'token', users });
  const source = harness.open(`${registry.host}/team/app`, { credentials: only(ana) });
  const image = firstImage((await source.list('default')).images);
  registry.faults.on('token-expiry', 1);
  expect(await digestLayer(image.layers[1])).toBe(image.layers[1]?.digest);
  expect(registry.gate.issuedCount).toBe(2);
});

test('an insufficient token is requested again once', async () => {
  const registry = await prepare({ mode: 'token', users });
  registry.faults.on('insufficient-scope', 1);
  await readAll(registry, { credentials: only(ana) });
  expect(registry.gate.issuedCount).toBe(2);
  registry.faults.on('insufficient-scope');
  registry.gate.revoke();
  const before = registry.gate.issuedCount;
  await expect(readAll(registry, { credentials: only(ana) })).rejects.toMatchObject({
    code: 'unauthorized',
  });
  expect(registry.gate.issuedCount - before).toBe(2);
});

test('concurrent requests for the same token are combined', async () => {
  const registry = await prepare({ mode: 'token', users });
  const source = harness.open(`${registry.host}/team/app`, { credentials: only(ana) });
  const image = firstImage((await source.list('default')).images);
  harness.clock.pass(3_600_000);
  await Promise.all(Array.from({ length: 8 }, () => digestLayer(image.layers[0])));
  expect(registry.gate.issuedCount).toBe(2);
});

test('credentials do not follow a redirect to another host', async () => {
  const registry = await prepare({ mode: 'basic', users });
  registry.faults.on('redirect-elsewhere');
  const network = { privateHosts: ['localhost'] };
  await readAll(registry, { credentials: only(ana), network });
  const there = registry.requests.filter(({ host }) => host === registry.storageHost);
  expect(there.length).toBeGreaterThan(0);
  expect(there.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test('credentials are not sent to a token server of another domain', async () => {
  const realm = 'https://tokens.elsewhere.invalid/token';
  const registry = await prepare({ mode: 'token', users, realm });
  await expect(readAll(registry, { credentials: only(ana) })).rejects.toMatchObject({
    code: 'unauthorized',
    message: expect.stringContaining('tokens.elsewhere.invalid'),
  });
});

test('a token server without TLS is refused unless its host is listed', async () => {
  const registry = await prepare({ mode: 'token', users, realm: 'http://192.0.2.7/token' });
  await expect(readAll(registry, { credentials: only(ana) })).rejects.toMatchObject({
    code: 'unauthorized',
    message: expect.stringContaining('https'),
  });
});

test('a listed token server of another domain is used', async () => {
  const tokens = await harness.start({ access: { mode: 'token', users } });
  const realm = `http://${tokens.storageHost.replace(/:.*/, '')}:${tokens.host.split(':')[1]}/token`;
  const registry = await prepare({ mode: 'token', users, realm });
  const failed = readAll(registry, { credentials: only(ana), authHosts: ['localhost'] });
  // Its tokens are invalid for the registry, but it was queried with credentials.
  await expect(failed).rejects.toMatchObject({ code: 'unauthorized' });
  expect(tokens.requests[0]?.authorization).toMatch(/^Basic /);
});

test('a registry token is sent unchanged', async () => {
  const registry = await prepare({ mode: 'token', users });
  const { body } = registry.gate.issue({
    method: 'GET',
    fields: new URLSearchParams({ scope: 'repository:team/app:pull' }),
    authorization: `Basic ${Buffer.from(`ana:${users.ana}`).toString('base64')}`,
  });
  const { token } = body as { token: string };
  await readAll(registry, { credentials: only({ kind: 'bearer', token }) });
  expect(registry.requests.some(({ path }) => path.startsWith('/token'))).toBe(false);
});

test('secrets are redacted from errors, even when the registry repeats them', async () => {
  const registry = await prepare({ mode: 'basic', users: { ana: 'another' } });
  registry.faults.on('echo-secrets');
  const error = await readAll(registry, { credentials: only(ana) }).catch((one: unknown) => one);
  expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('***') });
  const text = JSON.stringify([error, String(error), (error as Error).stack]);
  expect(text).not.toContain(users.ana);
  expect(text).not.toContain(Buffer.from(`ana:${users.ana}`).toString('base64'));
});

test('mirrors are queried first, without the credentials of the registry', async () => {
  const mirror = await harness.start();
  const registry = await prepare({ mode: 'basic', users });
  const built = await buildSample();
  mirror.store.putImage('team/app', 'latest', built);
  mirror.store.blobs.delete(built.layers[0]?.digest ?? '');
  const asked: string[] = [];
  const credentials: CredentialSource = {
    async find({ host }) {
      asked.push(host);
      return host === registry.host ? ana : undefined;
    },
  };
  const mirrors = { [registry.host]: [mirror.host] };
  const digests = await readAll(registry, { credentials, mirrors });
  expect(digests).toEqual(built.layers.map(({ digest }) => digest));
  expect(mirror.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  expect(registry.requests.filter(({ status }) => status() === 200)).toHaveLength(1);
  expect(new Set(asked)).toEqual(new Set([registry.host]));
});

test('an unavailable mirror is disabled', async () => {
  const mirror = await harness.start();
  mirror.faults.on('flapping');
  const registry = await prepare({ mode: 'open' });
  expect(await readAll(registry, { mirrors: { [registry.host]: [mirror.host] } })).toHaveLength(2);
  expect(mirror.requests).toHaveLength(2);
});

test('a mirror that fails in any way is skipped', async () => {
  const mirror = await harness.start({ access: { mode: 'basic' } });
  const gone = await harness.start();
  await gone.close();
  const registry = await prepare({ mode: 'open' });
  const mirrors = { [registry.host]: [gone.host, mirror.host] };
  expect(await readAll(registry, { mirrors })).toHaveLength(2);
});
