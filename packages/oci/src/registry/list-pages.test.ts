/** Tags, catalogs, heads and referrers: complete, or an error. */
import { expect, onTestFinished, test } from 'vitest';

import { buildImage, describe as descriptorOf } from '@lazaret/analysis/testing';
import type { RegistryFault } from '../testing/registry-faults.ts';
import { buildSample, useRegistryHarness } from '@lazaret/analysis/testing';
import { headManifest, listReferrers, listRepositories, listTags } from './list-pages.ts';
import { openRegistryClient, type RegistryOptions } from './registry-source.ts';
import { type RegistryClient } from './registry-client.ts';

const harness = useRegistryHarness();

function open(host: string, options: Partial<RegistryOptions> = {}): RegistryClient {
  const opened = openRegistryClient(host, { clock: harness.clock, random: () => 0.5, ...options });
  onTestFinished(() => opened.close());
  return opened.client;
}

async function prepare(count: number) {
  const registry = await harness.start();
  const built = await buildSample();
  const tags = Array.from({ length: count }, (_, at) => `v${String(at).padStart(3, '0')}`);
  registry.store.putImage('app', 'v000', built);
  const named = registry.store.repository('app').tags;
  for (const tag of tags) named.set(tag, built.descriptor.digest);
  return { registry, tags, built, client: open(registry.host) };
}

const kinds: readonly (RegistryFault | 'nothing')[] = [
  ...(['nothing', 'short-pages', 'no-links', 'all-at-once', 'flapping'] as const),
];

test.each(kinds)('all tags are listed despite %s', async (fault) => {
  const { registry, tags, client } = await prepare(50);
  if (fault !== 'nothing') registry.faults.on(fault, fault === 'flapping' ? 2 : undefined);
  for (const pageItems of [7, 10, 50, 100]) {
    expect(await listTags(client, 'app', { pageItems }), String(pageItems)).toEqual(tags);
  }
});

const broken: readonly (readonly [RegistryFault, string])[] = [
  ['broken-page', 'unsupported'],
  ['endless-pages', 'damaged'],
  ['foreign-link', 'damaged'],
];

test.each(broken)('a list with %s is an error, and not a shorter list', async (fault, code) => {
  const { registry, client } = await prepare(20);
  registry.faults.on(fault);
  await expect(listTags(client, 'app', { pageItems: 5 })).rejects.toMatchObject({ code });
});

test('a lost connection between pages does not end the list', async () => {
  const { registry, tags, client } = await prepare(20);
  registry.faults.on('connection-reset', 1);
  expect(await listTags(client, 'app', { pageItems: 5 })).toEqual(tags);
  registry.faults.on('connection-reset');
  await expect(listTags(client, 'app', { pageItems: 5 })).rejects.toMatchObject({
    code: 'unreachable',
  });
});

test('a missing repository is an error and not an empty list', async () => {
  const { registry, client } = await prepare(1);
  await expect(listTags(client, 'other')).rejects.toMatchObject({ code: 'not_found' });
  registry.store.repository('empty');
  expect(await listTags(client, 'empty')).toEqual([]);
});

test('invalid names are refused before a request is sent', async () => {
  const { registry, client } = await prepare(1);
  for (const name of ['../x', 'app/..', 'app?n=1', 'APP', '']) {
    const code = { code: 'unsupported' };
    await expect(listTags(client, name)).rejects.toMatchObject(code);
    const request = { repository: 'app', selector: `${name}#` };
    await expect(headManifest(client, request)).rejects.toMatchObject(code);
  }
  expect(registry.requests).toEqual([]);
});

test('the catalog is listed with its own token scope', async () => {
  const registry = await harness.start({ access: { mode: 'token', users: { ana: 'secret' } } });
  for (const name of ['b/two', 'a', 'c'])
    registry.store.putImage(name, 'latest', await buildSample());
  const credential = { kind: 'password', username: 'ana', password: 'secret' } as const;
  const client = open(registry.host, { credentials: { find: async () => credential } });
  expect(await listRepositories(client, { pageItems: 2 })).toEqual(['a', 'b/two', 'c']);
  registry.faults.on('no-catalog');
  await expect(listRepositories(client)).rejects.toMatchObject({ code: 'not_found' });
});

test('HEAD returns the digest; without the header the manifest is read', async () => {
  const { registry, client, built } = await prepare(1);
  const request = { repository: 'app', selector: 'v000' };
  const { digest, mediaType } = built.descriptor;
  const sizeBytes = built.bytes.length;
  expect(await headManifest(client, request)).toEqual({ digest, mediaType, sizeBytes });
  expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD']);
  registry.faults.on('no-digest-header');
  expect(await headManifest(client, request)).toEqual({ digest, mediaType, sizeBytes });
  await expect(headManifest(client, { ...request, selector: 'none' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('referrers are listed with the API and filtered, or with the fallback tag', async () => {
  const { registry, client, built } = await prepare(1);
  const empty = descriptorOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const verdict = await buildImage({
    layers: [],
    manifestFields: {
      config: empty,
      artifactType: 'application/sarif+json',
      subject: built.descriptor,
    },
  });
  registry.store.putImage('app', 'verdict', verdict);
  const subject = { repository: 'app', digest: built.descriptor.digest };
  const found = { digest: verdict.descriptor.digest, artifactType: 'application/sarif+json' };
  expect(await listReferrers(client, subject)).toMatchObject([{ ...found, fallback: false }]);
  expect(await listReferrers(client, subject, { artifactType: 'other' })).toEqual([]);
  registry.faults.on('no-referrers');
  expect(await listReferrers(client, subject)).toEqual([]);
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...verdict.descriptor, artifactType: 'application/sarif+json' }],
  };
  const bytes = Buffer.from(JSON.stringify(index));
  const tag = built.descriptor.digest.replace(':', '-');
  registry.store.putManifest('app', tag, { bytes, mediaType: index.mediaType });
  expect(await listReferrers(client, subject)).toMatchObject([{ ...found, fallback: true }]);
});
