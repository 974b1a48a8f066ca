/** Images of a registry: manifests, indexes, layers and their diagnostics. */
import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { buildImage, buildIndex, describe as descriptorOf } from '@lazaret/analysis/testing';
import {
  buildSample,
  digestLayer,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from '@lazaret/analysis/testing';

const harness = useRegistryHarness();
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

test('an image has its names, digests, platform, configuration and layers', async () => {
  const registry = await harness.start();
  const built = await buildSample({ annotations: { 'org.example': 'yes' } });
  registry.store.putImage('lab/app', '1.2', built);
  const source = harness.open(`${registry.host}/lab/app:1.2`);
  const { images, diagnostics } = await source.list('default');
  expect(source).toMatchObject({ kind: 'registry', reference: `${registry.host}/lab/app:1.2` });
  const image = firstImage(images);
  expect(image).toMatchObject({
    names: [`${registry.host}/lab/app:1.2`],
    manifestDigest: built.descriptor.digest,
    configDigest: built.configDigest,
    mediaType: ociManifest,
    platform: { os: 'linux', architecture: 'amd64' },
    config: built.config,
    annotations: { 'org.example': 'yes' },
  });
  expect(image.layers.map(({ diffId }) => diffId)).toEqual(built.layers.map((one) => one.diffId));
  expect(await digestLayers(image)).toEqual(built.layers.map(({ digest }) => digest));
  expect(diagnostics).toEqual([]);
});

test('every supported manifest type is accepted', async () => {
  const registry = await harness.start();
  registry.store.putImage('app', 'latest', await buildSample({ mediaTypes: 'docker' }));
  const { images } = await harness.open(`${registry.host}/app`).list('default');
  expect(images).toHaveLength(1);
  expect(registry.requests[0]?.accept).toBe(
    'application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
  );
});

test('a digest is requested directly, whatever the tag points to', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('app', 'latest', built);
  registry.store.repository('app').tags.clear();
  const source = harness.open(`${registry.host}/app:gone@${built.descriptor.digest}`);
  expect((await source.list('default')).images).toHaveLength(1);
});

test('an index yields the wanted platform and lists the others', async () => {
  const registry = await harness.start();
  const platforms = ['amd64', 'arm64', 's390x'];
  const children = await Promise.all(
    platforms.map((architecture) => buildSample({ platform: { os: 'linux', architecture } })),
  );
  const index = buildIndex({ children, attestations: true });
  registry.store.putImage('app', 'latest', index);
  const source = harness.open(`${registry.host}/app`);
  const { images, diagnostics } = await source.list('default');
  expect(images).toMatchObject([
    { platform: { architecture: 'amd64' }, indexDigest: index.descriptor.digest },
  ]);
  const reasons = diagnostics.map(({ reason }) => reason).toSorted();
  expect(reasons).toEqual([
    ...['attestation', 'attestation', 'attestation'],
    ...['other_platform', 'other_platform'],
  ]);
  const arm = await source.list({ os: 'linux', architecture: 'arm64' });
  expect(arm.images).toMatchObject([{ platform: { architecture: 'arm64' } }]);
  const all = await source.list('all');
  expect(all.images.map(({ platform }) => platform?.architecture)).toEqual(platforms);
  await expect(source.list({ os: 'plan9', architecture: 'mips' })).rejects.toMatchObject({
    code: 'no_such_platform',
    message: expect.stringContaining('linux/s390x'),
  });
});

test('a substituted platform is reported', async () => {
  const registry = await harness.start();
  const child = await buildSample({ platform: { os: 'linux', architecture: 'riscv64' } });
  registry.store.putImage('app', 'latest', buildIndex({ children: [child] }));
  const { images, diagnostics } = await harness.open(`${registry.host}/app`).list('default');
  expect(images).toMatchObject([{ platform: { architecture: 'riscv64' } }]);
  expect(diagnostics).toMatchObject([{ reason: 'platform_substituted' }]);
});

test('an image marked as an attestation is not skipped', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  const child = {
    ...built,
    descriptor: {
      ...built.descriptor,
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    },
  };
  registry.store.putImage('app', 'latest', buildIndex({ children: [child] }));
  const { images } = await harness.open(`${registry.host}/app`).list('default');
  expect(images).toMatchObject([{ manifestDigest: built.descriptor.digest }]);
});

test('nested indexes are opened, duplicates count once, missing children are reported', async () => {
  const registry = await harness.start();
  const one = await buildSample();
  const two = await buildSample({ platform: { os: 'linux', architecture: 'arm64' } });
  const lost = descriptorOf(Buffer.from('{}'), ociManifest);
  const inner = buildIndex({ children: [two, one] });
  const missing = { ...lost, platform: { os: 'linux', architecture: 'ppc64le' } };
  const index = buildIndex({ children: [one, one, inner, missing] });
  registry.store.putImage('app', 'latest', index);
  const { images, diagnostics } = await harness.open(`${registry.host}/app`).list('all');
  expect(images.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'arm64']);
  expect(images[1]?.indexDigest).toBe(inner.descriptor.digest);
  expect(diagnostics).toMatchObject([{ reason: 'missing_child', digest: lost.digest }]);
});

test('a missing child is an error and not replaced by another platform', async () => {
  const registry = await harness.start();
  const arm = await buildSample({ platform: { os: 'linux', architecture: 'arm64' } });
  const lost = {
    ...descriptorOf(Buffer.from('{}'), ociManifest),
    platform: { ...platform('amd64') },
  };
  registry.store.putImage('app', 'latest', buildIndex({ children: [lost, arm] }));
  const source = harness.open(`${registry.host}/app`);
  await expect(source.list('default')).rejects.toMatchObject({ code: 'not_found' });
});

test('nested indexes are limited in depth, which is reported', async () => {
  const registry = await harness.start();
  let index = buildIndex({ children: [await buildSample()] });
  for (let depth = 0; depth < 6; depth += 1) index = buildIndex({ children: [index] });
  registry.store.putImage('app', 'latest', index);
  await expect(harness.open(`${registry.host}/app`).list('all')).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('limit'),
  });
});

test('artifacts next to an image are reported', async () => {
  const registry = await harness.start();
  const chart = await buildImage({
    layers: [{ entries: [], mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }],
    manifestFields: {
      config: descriptorOf(Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json'),
    },
  });
  const index = buildIndex({ children: [chart, await buildSample()] });
  registry.store.putImage('chart', 'both', index);
  const { images, diagnostics } = await harness.open(`${registry.host}/chart:both`).list('all');
  expect(images).toHaveLength(1);
  expect(diagnostics).toMatchObject([{ reason: 'artifact', digest: chart.descriptor.digest }]);
});

test('a manifest with schema version 1 is refused as unsupported', async () => {
  const registry = await harness.start();
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 1, fsLayers: [], history: [] }));
  const mediaType = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  registry.store.putManifest('old', 'latest', { bytes, mediaType });
  await expect(harness.open(`${registry.host}/old`).list('default')).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('schema version 1'),
  });
});

test('a document that is both an index and a manifest is refused', async () => {
  const registry = await harness.start();
  const built = await buildSample({ manifestFields: { manifests: [] } });
  registry.store.putImage('two', 'latest', built);
  await expect(harness.open(`${registry.host}/two`).list('default')).rejects.toMatchObject({
    code: 'damaged',
  });
});

test('valid embedded data is used, otherwise the content is fetched', async () => {
  const registry = await harness.start();
  const plain = await buildSample();
  const [first] = plain.layers;
  const good = (first?.stored ?? Buffer.alloc(0)).toString('base64');
  for (const [tag, data] of Object.entries({ good, bad: 'AAAA' })) {
    const built = await buildImage({
      layers: [{ tar: first?.tar ?? Buffer.alloc(0), descriptor: { data } }],
    });
    registry.store.putImage('app', tag, built);
    const { images } = await harness.open(`${registry.host}/app:${tag}`).list('default');
    const before = registry.requests.length;
    expect(await digestLayer(firstImage(images).layers[0])).toBe(first?.digest);
    expect(registry.requests.length - before).toBe(tag === 'good' ? 0 : 1);
  }
});

test('an encrypted layer is unavailable and cannot be opened', async () => {
  const registry = await harness.start();
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted';
  registry.store.putImage(
    'app',
    'latest',
    await buildImage({ layers: [{ entries: [], mediaType }] }),
  );
  const { images } = await harness.open(`${registry.host}/app`).list('default');
  const [layer] = firstImage(images).layers;
  expect(layer?.unavailable).toMatchObject({ reason: 'encrypted' });
  await expect(layer?.open()).rejects.toMatchObject({ code: 'unsupported' });
});

test('diffIDs that do not match the layers are omitted and reported', async () => {
  const registry = await harness.start();
  const diffIds = [`sha256:${'0'.repeat(64)}`];
  registry.store.putImage('app', 'latest', await buildSample({ diffIds }));
  const { images, diagnostics } = await harness.open(`${registry.host}/app`).list('default');
  expect(firstImage(images).layers.map(({ diffId }) => diffId)).toEqual([undefined, undefined]);
  expect(diagnostics).toMatchObject([{ reason: 'unsupported' }]);
});

test('a missing or corrupt configuration is an error', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  registry.store.putImage('app', 'latest', built);
  registry.store.blobs.set(built.configDigest, Buffer.from(built.config).fill(0x20));
  const source = harness.open(`${registry.host}/app`);
  await expect(source.list('default')).rejects.toMatchObject({ code: 'digest_mismatch' });
  registry.store.blobs.delete(built.configDigest);
  await expect(source.list('default')).rejects.toMatchObject({ code: 'not_found' });
});

test('digests of other algorithms are verified too', async () => {
  const registry = await harness.start();
  const built = await buildSample();
  const sha512 = `sha512:${createHash('sha512').update(built.bytes).digest('hex')}`;
  registry.store.putImage('app', 'latest', built);
  registry.store.putManifest('app', sha512, { bytes: built.bytes, mediaType: ociManifest });
  const { images } = await harness.open(`${registry.host}/app@${sha512}`).list('default');
  expect(images).toMatchObject([{ manifestDigest: sha512 }]);
});

function platform(architecture: string): { os: string; architecture: string } {
  return { os: 'linux', architecture };
}
