/** Artifacts that are not images are read too, each blob as a file. */
import { expect, test } from 'vitest';

import { buildArtifact } from '../testing/build-artifact.ts';
import type { ArtifactInput } from '../testing/build-artifact.ts';
import { buildIndex, digestOf } from '../testing/image-builder.ts';
import type { Built } from '../testing/image-builder.ts';
import { useRegistryHarness } from '../testing/registry-harness.ts';
import { ociFiles, packFiles } from '../testing/write-image.ts';
import type { ImageListing, PlatformChoice, SourceImage } from '@lazaret/oci';
import {
  layer,
  listArchive,
  listLayout,
  readLayers,
  reasons,
  sample,
  useLocalSources,
} from './testing/local-sources.ts';
import { buildImage } from '../testing/image-builder.ts';

useLocalSources();
const harness = useRegistryHarness();

const helm = 'application/vnd.cncf.helm.config.v1+json';
const chart: ArtifactInput = {
  blobs: [{ title: 'app-1.0.tgz', bytes: Buffer.from('chart') }],
  config: { bytes: Buffer.from('{"name":"app"}'), mediaType: helm },
  names: ['lab.example/app:1'],
};

async function listRegistry(
  built: Built,
  choice: PlatformChoice = 'default',
): Promise<ImageListing> {
  const registry = await harness.start();
  registry.store.putImage('lab/app', '1', built);
  return harness.open(`${registry.host}/lab/app:1`).list(choice);
}

async function listEverywhere(built: Built): Promise<ImageListing[]> {
  return [
    await listLayout(ociFiles([built])),
    await listArchive(await packFiles(ociFiles([built]))),
    await listRegistry(built),
  ];
}

const paths = (image: SourceImage | undefined): (string | undefined)[] =>
  image?.layers.map(({ blob }) => blob?.path) ?? [];

async function pathsOf(...titles: (string | undefined)[]): Promise<(string | undefined)[]> {
  const blobs = titles.map((title, at) => ({
    bytes: Buffer.from(`${at}`),
    ...(title !== undefined && { title }),
  }));
  return paths((await listLayout(ociFiles([await buildArtifact({ blobs })]))).images[0]);
}

test('a chart yields its blobs and its configuration, from a layout, an archive and a registry', async () => {
  const built = await buildArtifact(chart);
  const listings = await listEverywhere(built);
  for (const { images, diagnostics } of listings) {
    expect(images).toHaveLength(1);
    expect(diagnostics).toEqual([]);
    const [image] = images;
    expect(image).toMatchObject({
      ...{ artifactType: helm, manifestDigest: built.descriptor.digest },
      config: Buffer.alloc(0),
    });
    expect(paths(image)).toEqual(['app-1.0.tgz', built.configDigest]);
  }
  for (const { images } of [listings[0]!, listings[2]!]) {
    const bytes = await readLayers(images[0]);
    expect(bytes.map(String)).toEqual(['chart', '{"name":"app"}']);
  }
});

test('an artifact in an index is read when there is no image, and reported otherwise', async () => {
  const built = await buildArtifact(chart);
  for (const { images } of await listEverywhere(buildIndex({ children: [built] }))) {
    expect(images).toMatchObject([{ artifactType: helm, indexDigest: expect.any(String) }]);
  }
  const image = await sample();
  const index = buildIndex({ children: [built, image], names: ['lab.example/app:1'] });
  const layout = await listLayout(ociFiles([index]), 'all');
  for (const listing of [layout, await listRegistry(index, 'all')]) {
    expect(listing.images.map(({ artifactType }) => artifactType)).toEqual([undefined]);
    expect(listing.diagnostics).toContainEqual({
      ...{ reason: 'artifact', digest: built.descriptor.digest },
      detail: `an artifact of type ${helm}`,
    });
  }
});

test('one of several artifacts in a layout is selected by name', async () => {
  const image = await sample();
  const built = await buildArtifact({ ...chart, names: ['chart:1'] });
  const bytes = await packFiles(ociFiles([image, built]));
  const listing = await listArchive(bytes, { name: 'chart:1' });
  expect(listing.images).toMatchObject([{ artifactType: helm }]);
  expect(reasons(listing)).toEqual([]);
});

test('the artifact type comes from the manifest, otherwise from the configuration or the blobs', async () => {
  const blobs = [{ bytes: Buffer.from('\0asm'), mediaType: 'application/wasm' }];
  const wasm = { bytes: Buffer.from('{"a":1}'), mediaType: 'application/vnd.wasm.config.v0+json' };
  const types: string[] = [];
  for (const input of [
    { blobs, artifactType: 'application/vnd.example' },
    { blobs, config: wasm },
    { blobs },
    { blobs: [] },
  ]) {
    const { images } = await listRegistry(await buildArtifact(input));
    types.push(images[0]?.artifactType ?? '');
  }
  expect(types).toEqual([
    ...['application/vnd.example', wasm.mediaType, 'application/wasm'],
    'application/vnd.oci.empty.v1+json',
  ]);
});

test('a signature with an image configuration is an artifact', async () => {
  const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const signed = await buildImage({ layers: [{ stored: Buffer.from('{}'), mediaType }] });
  for (const { images } of await listEverywhere(signed)) {
    expect(images).toMatchObject([{ artifactType: mediaType }]);
  }
  const mixed = await buildImage({
    layers: [layer('x'), { stored: Buffer.from('{}'), mediaType }],
  });
  for (const { images } of await listEverywhere(mixed)) {
    expect(images[0]?.artifactType).toBeUndefined();
  }
});

test('names cannot escape, and blobs have distinct paths', async () => {
  expect(await pathsOf('a//./b', '/etc/passwd', '../../x', 'c/..')).toEqual([
    ...['a/b', 'etc/passwd', 'x', digestOf(Buffer.from('3'))],
  ]);
  expect(await pathsOf(undefined, '', 'a\0b', `${'x/'.repeat(40_000)}y`)).toEqual([
    ...[digestOf(Buffer.from('0')), digestOf(Buffer.from('1')), 'a\u{fffd}b'],
    digestOf(Buffer.from('3')),
  ]);
  expect(await pathsOf('a', 'a', 'a/b', 'a', '3/a')).toEqual(['a', '1/a', '2/a/b', '3/a', '4/3/a']);
  expect(await pathsOf('d/e', 'd', 'd/e/f')).toEqual(['d/e', '1/d', '2/d/e/f']);
});

test('a name that points outside is reported as written', async () => {
  const blobs = [{ bytes: Buffer.from('x'), title: '../../etc/cron.d/x' }];
  const { images } = await listRegistry(await buildArtifact({ blobs }));
  expect(images[0]?.layers[0]?.blob).toEqual({
    ...{ path: 'etc/cron.d/x', sizeBytes: 1, escape: '../../etc/cron.d/x' },
  });
});
