// Not in the quick check: servers that fail at every step are pushed to.
/** Writes to registries: blobs, manifests, deletion, referrers; faults, and the real registry. */
import { createHash, randomBytes } from 'node:crypto';

import { buildSample, useRegistryHarness } from '@lazaret/analysis/testing';
import { expect, onTestFinished, test } from 'vitest';

import { sha256Digest } from '../reference/digest.ts';
import { startDebianRegistry } from '../testing/debian-registry.ts';
import type { FakeRegistry } from '../testing/fake-registry.ts';
import { headManifest, listReferrers, referrersTag } from './list-pages.ts';
import { type BlobUpload, pushBlob } from './push-blob.ts';
import { deleteManifest, hasManifest, pushManifest } from './push-manifest.ts';
import { pushReferrer } from './push-referrer.ts';
import { readManifest } from './read-manifest.ts';
import type { RegistryClient } from './registry-client.ts';
import { openRegistryClient, type RegistryOptions } from './registry-source.ts';

const harness = useRegistryHarness();
const ana = { kind: 'password', username: 'ana', password: 'correct horse' } as const;
const users = { ana: ana.password };

function open(host: string, options: Partial<RegistryOptions> = {}): RegistryClient {
  const { client, close } = openRegistryClient(host, { clock: harness.clock, ...options });
  onTestFinished(close);
  return client;
}

function uploadOf(bytes: Buffer, options: Partial<BlobUpload> = {}): BlobUpload {
  return {
    ...{ repository: 'lab/app', digest: sha256Digest(bytes), sizeBytes: bytes.length },
    async *open(start, end) {
      for (let at = start; at < end; at += 10) yield bytes.subarray(at, Math.min(end, at + 10));
    },
    ...options,
  };
}

function methods(registry: FakeRegistry): string[] {
  return registry.requests.map(({ method, status }) => `${method} ${status()}`);
}

test('a small blob is one upload, and nothing when it exists', async () => {
  const registry = await harness.start();
  const client = open(registry.host);
  const bytes = randomBytes(100);
  expect(await pushBlob(client, uploadOf(bytes))).toBe('pushed');
  expect(registry.store.blobs.get(sha256Digest(bytes))).toEqual(bytes);
  expect(methods(registry)).toEqual(['HEAD 404', 'POST 202', 'PUT 201']);
  expect(await pushBlob(client, uploadOf(bytes))).toBe('existed');
  expect(await pushBlob(client, uploadOf(Buffer.alloc(0)))).toBe('pushed');
});

test('a large blob is pushed in chunks, at least as large as the registry wants', async () => {
  const registry = await harness.start();
  const client = open(registry.host);
  const bytes = randomBytes(250);
  await pushBlob(client, uploadOf(bytes, { chunkBytes: 60 }));
  expect(methods(registry).filter((one) => one === 'PATCH 202')).toHaveLength(5);
  expect(registry.store.blobs.get(sha256Digest(bytes))).toEqual(bytes);
  registry.faults.on('chunk-size');
  registry.requests.length = 0;
  await pushBlob(client, uploadOf(randomBytes(250), { chunkBytes: 60 }));
  expect(methods(registry).filter((one) => one === 'PATCH 202')).toHaveLength(3);
});

test('an upload in chunks continues after a lost connection, with the missing bytes only', async () => {
  const registry = await harness.start();
  registry.faults.on('cut-upload', 1);
  const bytes = randomBytes(250);
  await pushBlob(open(registry.host), uploadOf(bytes, { chunkBytes: 100 }));
  expect(registry.store.blobs.get(sha256Digest(bytes))).toEqual(bytes);
  expect(methods(registry).filter((one) => one.startsWith('POST'))).toHaveLength(1);
});

test.each(['cut-upload', 'lost-upload', 'flapping'] as const)(
  'with the fault %s an upload is repeated and complete',
  async (fault) => {
    const registry = await harness.start();
    const client = open(registry.host);
    const bytes = randomBytes(250);
    for (const chunkBytes of [100, 1_000]) {
      registry.store.blobs.clear();
      registry.faults.on(fault, 2);
      expect(await pushBlob(client, uploadOf(bytes, { chunkBytes }))).toBe('pushed');
      expect(registry.store.blobs.get(sha256Digest(bytes))).toEqual(bytes);
    }
  },
);

test('a blob is pushed where the registry does not mount it', async () => {
  const registry = await harness.start();
  registry.faults.on('no-mount');
  const bytes = randomBytes(100);
  const upload = uploadOf(bytes, { mountFrom: 'lab/other' });
  expect(await pushBlob(open(registry.host), upload)).toBe('pushed');
  expect(methods(registry)).toEqual(['HEAD 404', 'POST 202', 'PUT 201']);
});

test('an error of the source of the bytes is thrown as it is, and not retried', async () => {
  const registry = await harness.start();
  const failing = uploadOf(randomBytes(100), {
    async *open() {
      yield Buffer.alloc(10);
      throw new Error('the stored content is damaged');
    },
  });
  await expect(pushBlob(open(registry.host), failing)).rejects.toThrow('content is damaged');
  const short = uploadOf(randomBytes(100), {
    async *open() {
      yield Buffer.alloc(10);
    },
  });
  await expect(pushBlob(open(registry.host), short)).rejects.toThrow('10 bytes instead of 100');
  expect(registry.store.blobs.size).toBe(0);
});

test('a write is only sent to the registry itself, with its own scheme', async () => {
  const registry = await harness.start({ tls: true });
  const ca = [registry.certificates?.ca ?? ''];
  const client = open(registry.host, { network: { certificates: { [registry.host]: { ca } } } });
  // As a registry says whose proxy ends TLS.
  const url = await client.resolve(`http://${registry.host}/v2/lab/app/blobs/uploads/1?state=x`);
  expect(url.href).toBe(`https://${registry.host}/v2/lab/app/blobs/uploads/1?state=x`);
  await expect(client.resolve('https://elsewhere.invalid/v2/')).rejects.toMatchObject({
    code: 'damaged',
  });
  registry.faults.on('redirected-upload');
  await expect(pushBlob(client, uploadOf(randomBytes(10)))).rejects.toMatchObject({
    message: expect.stringContaining('a write is only sent to the registry itself'),
  });
});

test('wrong bytes are refused by the registry and not retried', async () => {
  const registry = await harness.start();
  const upload = uploadOf(randomBytes(100), { digest: sha256Digest(Buffer.from('other')) });
  await expect(pushBlob(open(registry.host), upload)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('DIGEST_INVALID'),
  });
});

test('tokens have the scopes of reading, pushing and deleting together', async () => {
  const registry = await harness.start({ access: { mode: 'token', users } });
  const built = await buildSample();
  registry.store.putImage('lab/app', '1', built);
  const client = open(registry.host, { credentials: { find: async () => ana } });
  const place = { repository: 'lab/app', selector: built.descriptor.digest };
  await headManifest(client, place);
  await pushBlob(client, uploadOf(randomBytes(10)));
  expect(await deleteManifest(client, place)).toBe('deleted');
  const issued = registry.gate.issuedCount;
  expect(issued).toBeLessThanOrEqual(3);
  await Promise.all([
    pushBlob(client, uploadOf(randomBytes(10))),
    hasManifest(client, place),
    deleteManifest(client, place),
  ]);
  expect(registry.gate.issuedCount).toBe(issued);
});

test('a manifest is stored as it is, and another digest than the pushed one is an error', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('lab/app', '1', built);
  const client = open(registry.host);
  const { digest, mediaType } = built.descriptor;
  const upload = { repository: 'lab/app', bytes: built.bytes, mediaType };
  expect(await pushManifest(client, { ...upload, selector: '2' })).toMatchObject({ digest });
  expect(registry.store.find('lab/app', '2')?.digest).toBe(digest);
  const other = `sha256:${'0'.repeat(64)}`;
  await expect(pushManifest(client, { ...upload, selector: other })).rejects.toMatchObject({
    code: 'digest_mismatch',
  });
  await expect(pushManifest(client, { ...upload, selector: '../x' })).rejects.toMatchObject({
    code: 'unsupported',
  });
  registry.store.blobs.clear();
  await expect(pushManifest(client, { ...upload, selector: '3' })).rejects.toMatchObject({
    message: expect.stringContaining('MANIFEST_BLOB_UNKNOWN'),
  });
});

test('the result of a deletion says what the registry did', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('lab/app', '1', built);
  const client = open(registry.host);
  const place = { repository: 'lab/app', selector: built.descriptor.digest };
  registry.faults.on('no-deletion', 1);
  expect(await deleteManifest(client, place)).toBe('disabled');
  expect(await deleteManifest(client, { repository: 'lab/app', selector: '1' })).toBe('refused');
  registry.faults.on('refused-deletion', 1);
  await expect(deleteManifest(client, place)).rejects.toMatchObject({ code: 'unauthorized' });
  registry.faults.on('ignored-deletion', 1);
  expect(await deleteManifest(client, place)).toBe('deleted');
  expect(await hasManifest(client, place)).toBe(true);
  expect(await deleteManifest(client, place)).toBe('deleted');
  expect(await hasManifest(client, place)).toBe(false);
  expect(await deleteManifest(client, place)).toBe('absent');
});

test.each([true, false])('a referrer is attached once; referrers API: %s', async (hasApi) => {
  const registry = await harness.start();
  if (!hasApi) registry.faults.on('no-referrers');
  const built = await buildSample();
  registry.store.putImage('lab/app', '1', built);
  const client = open(registry.host);
  const { digest, mediaType } = built.descriptor;
  const referrer = {
    ...{ repository: 'lab/app', artifactType: 'application/vnd.in-toto+json' },
    subject: { digest, mediaType, sizeBytes: built.bytes.length },
    content: { bytes: Buffer.from('{"a":1}'), mediaType: 'application/vnd.in-toto+json' },
    annotations: { 'in-toto.io/predicate-type': 'x' },
  };
  const first = await pushReferrer(client, referrer);
  expect(first.listedBy).toBe(hasApi ? 'referrers-api' : 'tag');
  expect(await pushReferrer(client, referrer)).toEqual(first);
  const content = { ...referrer.content, bytes: Buffer.from('{"a":2}') };
  const second = await pushReferrer(client, { ...referrer, content });
  const found = await listReferrers(client, { repository: 'lab/app', digest });
  expect(found.map((one) => one.digest)).toEqual([first.digest, second.digest]);
  expect(found[0]?.artifactType).toBe(referrer.artifactType);
  expect(registry.store.repository('lab/app').tags.has(referrersTag(digest))).toBe(!hasApi);
});

test('a real registry takes blobs in chunks and mounts, referrers by tag, and deletes', async () => {
  const registry = await startDebianRegistry();
  onTestFinished(() => registry.close());
  const client = open(registry.host);
  const layer = randomBytes(2_500_000);
  const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}');
  expect(await pushBlob(client, uploadOf(layer, { chunkBytes: 1_000_000 }))).toBe('pushed');
  expect(await pushBlob(client, uploadOf(config))).toBe('pushed');
  const mounted = uploadOf(layer, { repository: 'lab/copy', mountFrom: 'lab/app' });
  expect(await pushBlob(client, mounted)).toBe('mounted');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const describe = (type: string, bytes: Buffer) => ({
    ...{ mediaType: type, digest: sha256Digest(bytes), size: bytes.length },
  });
  const manifest = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType },
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  const digest = sha256Digest(manifest);
  const upload = { repository: 'lab/app', bytes: manifest, mediaType };
  await pushManifest(client, { ...upload, selector: digest });
  await pushManifest(client, { ...upload, selector: '1' });
  const referrer = await pushReferrer(client, {
    ...{ repository: 'lab/app', artifactType: 'application/vnd.in-toto+json', annotations: {} },
    subject: { digest, mediaType, sizeBytes: manifest.length },
    content: { bytes: Buffer.from('{}'), mediaType: 'application/vnd.in-toto+json' },
  });
  expect(referrer.listedBy).toBe('tag');
  expect(await listReferrers(client, { repository: 'lab/app', digest })).toMatchObject([
    { digest: referrer.digest, fallback: true },
  ]);
  const place = { repository: 'lab/app', selector: digest };
  expect(await deleteManifest(client, { ...place, selector: '1' })).toBe('refused');
  expect(await deleteManifest(client, place)).toBe('deleted');
  expect(await hasManifest(client, { ...place, selector: '1' })).toBe(false);
  await registry.collectGarbage();
  const fresh = open(registry.host);
  expect(await pushBlob(fresh, uploadOf(layer))).toBe('pushed');
  await pushBlob(fresh, uploadOf(config));
  await pushManifest(fresh, { ...upload, selector: '1' });
  const { bytes } = await readManifest(fresh, { repository: 'lab/app', selector: '1' });
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest.slice(7));
});

test('a real registry whose deletion is disabled says so', async () => {
  const registry = await startDebianRegistry({ deletes: false });
  onTestFinished(() => registry.close());
  const place = { repository: 'lab/app', selector: sha256Digest(Buffer.from('x')) };
  expect(await deleteManifest(open(registry.host), place)).toBe('disabled');
});
