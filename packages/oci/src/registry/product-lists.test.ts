/** Lists of repositories by the APIs of products: complete, or an error. */
import { buildSample, useRegistryHarness } from '@lazaret/analysis/testing';
import { expect, onTestFinished, test } from 'vitest';

import type { RegistryAccess } from '../testing/registry-access.ts';
import {
  listProductRepositories,
  productApiNames,
  type ProductApiName,
  type ProductListRequest,
} from './product-lists.ts';
import { openRegistryClient } from './registry-source.ts';
import type { Credential } from './auth/credential.ts';

const harness = useRegistryHarness();
const users = { ana: 'secret words', $oauthtoken: 'quay-token' };

const credentials: Readonly<Record<ProductApiName, Credential>> = {
  'docker-hub': { kind: 'password', username: 'ana', password: 'secret words' },
  harbor: { kind: 'password', username: 'ana', password: 'secret words' },
  quay: { kind: 'password', username: '$oauthtoken', password: 'quay-token' },
  ghcr: { kind: 'password', username: 'ana', password: 'secret words' },
};

/** Five repositories of `team`, one of them public, and one of another team. */
async function prepare(api: ProductApiName, given?: Credential | 'anonymous') {
  const access: RegistryAccess = { mode: 'token', users, publicRepositories: ['team/app-1'] };
  const registry = await harness.start({ access });
  const image = await buildSample();
  const team = Array.from({ length: 5 }, (_, at) => `team/app-${at}`);
  for (const name of [...team, 'other/app']) registry.store.putImage(name, '1', image);
  const credential = given === 'anonymous' ? undefined : (given ?? credentials[api]);
  const opened = openRegistryClient(registry.host, {
    ...{ clock: harness.clock, random: () => 0.5 },
    credentials: { find: async () => credential },
  });
  onTestFinished(() => opened.close());
  const origin = `http://${registry.host}`;
  const list = (more: Partial<ProductListRequest> = {}) =>
    listProductRepositories(opened.client, {
      ...{ api, namespaces: ['team'], origins: { 'docker-hub': origin, ghcr: origin }, ...more },
    });
  return { registry, team, list };
}

test.each(productApiNames)('%s lists all repositories of a namespace, over pages', async (api) => {
  const { registry, team, list } = await prepare(api);
  expect(await list()).toEqual({ repositories: team });
  registry.faults.on('short-pages');
  expect(await list()).toEqual({ repositories: team });
  expect((await list({ namespaces: ['team', 'other'] })).repositories).toContain('other/app');
});

test.each(productApiNames)('an error of %s is not a shorter list', async (api) => {
  const { registry, list } = await prepare(api);
  registry.faults.on('short-pages');
  registry.faults.on('broken-page');
  await expect(list()).rejects.toMatchObject({ code: 'unsupported' });
  registry.faults.off();
  registry.faults.on('short-pages');
  registry.faults.on('endless-pages');
  await expect(list()).rejects.toMatchObject({ code: 'damaged' });
});

test.each(['docker-hub', 'harbor', 'quay'] as const)(
  'without credentials %s lists what is public, and says so',
  async (api) => {
    const { list } = await prepare(api, 'anonymous');
    expect(await list()).toEqual({
      repositories: ['team/app-1'],
      limitation: expect.stringMatching(/^private (repositories|projects) need/),
    });
  },
);

test('the robot account of Quay is not sent to its API, which takes tokens only', async () => {
  const { registry, list } = await prepare('quay', credentials.harbor);
  expect(await list()).toMatchObject({ repositories: ['team/app-1'] });
  expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
});

test.each([
  ['docker-hub', 'unauthorized'],
  ['harbor', 'unauthorized'],
  ['ghcr', 'unauthorized'],
] as const)('wrong credentials of %s are refused, without repeating them', async (api, code) => {
  const { list } = await prepare(api, { kind: 'password', username: 'ana', password: 'wrong1' });
  await expect(list()).rejects.toMatchObject({ code });
  await expect(list()).rejects.not.toThrow(/wrong1/);
});

test('GitHub is not asked anonymously, and lists packages of users too', async () => {
  await expect((await prepare('ghcr', 'anonymous')).list()).rejects.toThrow('read:packages');
  const { registry, list } = await prepare('ghcr');
  registry.store.putImage('user-1/tool', '1', await buildSample());
  expect(await list({ namespaces: ['user-1'] })).toEqual({ repositories: ['user-1/tool'] });
});

test('Harbor lists all projects when no project is named', async () => {
  const { team, list } = await prepare('harbor');
  const { repositories } = await list({ namespaces: undefined });
  expect(repositories).toEqual(['other/app', ...team]);
});

test('a rate limit of Docker Hub, which states a time, is respected', async () => {
  const { registry, team, list } = await prepare('docker-hub');
  registry.faults.on('too-many-requests', 1);
  expect((await list()).repositories).toEqual(team);
  registry.faults.on('too-many-requests');
  await expect(list()).rejects.toMatchObject({ code: 'rate_limited' });
});

test('a namespace that does not exist is an error', async () => {
  const { list } = await prepare('docker-hub');
  await expect(list({ namespaces: ['nobody'] })).rejects.toMatchObject({ code: 'not_found' });
});

test.each(['docker-hub', 'ghcr'] as const)(
  'the credentials of another registry are not sent to the public API of %s',
  async (api) => {
    const { registry, list } = await prepare(api);
    await expect(list({ origins: {} })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(registry.host) as unknown,
    });
    expect(registry.requests).toEqual([]);
  },
);
