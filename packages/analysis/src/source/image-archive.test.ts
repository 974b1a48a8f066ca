import { Readable } from 'node:stream';
import { mkdtemp, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  buildImage,
  buildIndex,
  compress,
  describe as describeBlob,
} from '../testing/image-builder.ts';
import {
  blobPath,
  newDockerFiles,
  ociFiles,
  oldDockerFiles,
  packFiles,
} from '../testing/write-image.ts';
import { openImageArchive, openImageStream } from './image-archive.ts';
import type { PlatformChoice } from '@lazaret/oci';
import { openOciLayout } from './oci-layout.ts';
import {
  layer,
  put,
  putLayout,
  using,
  listArchive,
  listLayout,
  failure,
  stored,
  readLayers,
  reasons,
  without,
  replace,
  sample,
  defaultPlatform,
  name,
  place,
  useLocalSources,
} from './testing/local-sources.ts';
import { sparseMember } from '../testing/sparse-tar.ts';

useLocalSources();

describe('docker save', () => {
  test('of old versions is read with layers in the order of the manifest, not of the archive', async () => {
    const image = await sample();
    const sorted = new Map([...oldDockerFiles([image])].toSorted().toReversed());
    for (const files of [oldDockerFiles([image]), sorted]) {
      const bytes = await packFiles(files);
      const { images, kind, diagnostics } = await listArchive(bytes);
      expect([kind, diagnostics, images.length]).toEqual(['docker-archive', [], 1]);
      expect(images[0]).toMatchObject({
        names: [name],
        configDigest: image.configDigest,
        config: image.config,
        platform: defaultPlatform,
        layers: image.layers.map(({ diffId, tar }) => ({ diffId, sizeBytes: tar.length })),
      });
      expect(await stored(bytes)).toEqual(image.layers.map(({ tar }) => tar));
    }
  });

  test('since Docker 25 is an OCI layout with digests', async () => {
    const image = await sample();
    const bytes = await packFiles(newDockerFiles([image]));
    const { images, kind } = await listArchive(bytes);
    expect(kind).toBe('docker-archive');
    expect(images).toHaveLength(1);
    expect(images[0]).toMatchObject({
      names: [name],
      manifestDigest: image.descriptor.digest,
      layers: image.layers.map(({ digest, diffId, descriptor }) => ({
        ...{ digest, diffId, mediaType: descriptor.mediaType },
      })),
    });
    expect(await stored(bytes)).toEqual(image.layers.map((one) => one.stored));
  });

  test('with two different lists yields the images of both', async () => {
    const [shown, hidden] = [await sample(), await buildImage({ layers: [layer('evil')] })];
    const files = newDockerFiles([shown]);
    for (const [digest, content] of hidden.blobs) {
      files.set(blobPath(digest), { path: blobPath(digest), content });
    }
    const index = JSON.stringify({ schemaVersion: 2, manifests: [hidden.descriptor] });
    const { images } = await listArchive(await packFiles(replace(files, 'index.json', index)));
    expect(images.map(({ configDigest }) => configDigest)).toEqual([
      shown.configDigest,
      hidden.configDigest,
    ]);
  });

  test('of several platforms yields the selected one once', async () => {
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
    const images = await Promise.all(
      platforms.map((platform) => buildImage({ layers: [layer('a')], platform })),
    );
    const docker = newDockerFiles(images);
    const oci = ociFiles([{ ...buildIndex({ children: images }), names: [name] }]);
    const bytes = await packFiles(new Map([...docker, ...oci]));
    const found = async (choice: PlatformChoice): Promise<unknown> =>
      (await listArchive(bytes, { choice })).images.map(({ platform }) => platform);
    expect(await found('default')).toEqual([platforms[0]]);
    expect(await found({ os: 'linux', architecture: 'arm64' })).toEqual([platforms[1]]);
    expect(await found('all')).toEqual(platforms);
  });

  test('reads a layer that is a link to another, and one that is listed twice', async () => {
    const image = await buildImage({ layers: [layer('a'), layer('a')], names: [name] });
    const tars = image.layers.map(({ tar }) => tar);
    expect(await stored(await packFiles(oldDockerFiles([image])))).toEqual(tars);
    expect(await stored(await packFiles(newDockerFiles([image])))).toEqual(
      image.layers.map((one) => one.stored),
    );
  });

  test('from before Docker 1.10 is read from its repositories by parents', async () => {
    const image = await sample();
    const files = without(oldDockerFiles([image]), 'manifest.json');
    const { images, diagnostics } = await listArchive(await packFiles(files));
    expect([images[0]?.names, images[0]?.layers.length, diagnostics]).toEqual([[name], 3, []]);
    expect(await stored(await packFiles(files))).toEqual(image.layers.map(({ tar }) => tar));
    const [top] = [...files.keys()].filter((path) => path.endsWith('/json')).slice(-1);
    const id = top?.split('/')[0];
    const loop = replace(files, top ?? '', JSON.stringify({ parent: id }));
    expect((await failure(listArchive(await packFiles(loop)))).code).toBe('damaged');
  });

  test('of several images yields all, or the named one', async () => {
    const one = await sample();
    const two = await buildImage({ layers: [layer('b')], names: ['lab.example/two:2'] });
    for (const write of [oldDockerFiles, newDockerFiles]) {
      const bytes = await packFiles(write([one, two]));
      expect((await listArchive(bytes)).images).toHaveLength(2);
      const { images } = await listArchive(bytes, { name: 'lab.example/two:2' });
      expect(images.map(({ configDigest }) => configDigest)).toEqual([two.configDigest]);
      expect((await failure(listArchive(bytes, { name: 'x:1' }))).code).toBe('not_found');
    }
  });

  test.each(['gzip', 'zstd'] as const)('in %s is spooled and leaves no file', async (kind) => {
    const image = await sample();
    const bytes = compress(await packFiles(oldDockerFiles([image])), kind);
    const spoolDirectory = await mkdtemp(join(place, 'spool-'));
    const options = { defaultPlatform, spoolDirectory };
    const layers = await using(openImageArchive(await put(bytes), options), async (source) => {
      expect(await readdir(spoolDirectory)).toEqual([]);
      return readLayers((await source.list('default')).images[0]);
    });
    expect(layers).toEqual(image.layers.map(({ tar }) => tar));
    expect((await failure(listArchive(bytes))).code).toBe('unsupported');
    const small = listArchive(bytes, { spoolDirectory, spoolBytes: 1_000 });
    expect((await failure(small)).code).toBe('too_large');
  });
});

test('a file system is recognized, with what to do instead', async () => {
  const files = new Map(
    ['bin/sh', 'etc/passwd'].map((path) => [path, { path, content: Buffer.from('x') }]),
  );
  const error = await failure(listArchive(await packFiles(files)));
  expect(error.code).toBe('unsupported');
  expect(error.message).toContain('2 members such as bin/sh, etc/passwd');
  expect(error.message).toContain('dir:PATH');
  const other = await failure(
    listArchive(await packFiles(new Map([['a', { path: 'a', content: Buffer.from('x') }]]))),
  );
  expect(other.message).toMatch(/but 1 member such as a$/);
});

test('sparse files and xz compression are unsupported, not damaged', async () => {
  const sparse = Buffer.concat([
    sparseMember({ form: 'gnu', name: 'a', sizeBytes: 10, pieces: [] }),
    Buffer.alloc(1024),
  ]);
  const error = await failure(listArchive(sparse));
  expect([error.code, error.message]).toEqual([
    'unsupported',
    expect.stringContaining('GNU sparse files, which are not supported'),
  ]);
  const xz = Buffer.from('fd377a585a000004e6d6b446', 'hex');
  const spoolDirectory = await mkdtemp(join(place, 'spool-'));
  const packed = await failure(listArchive(xz, { spoolDirectory }));
  expect(packed.message).toBe(
    'the archive cannot be decompressed: xz compression is not supported (expected gzip or zstd)',
  );
});

test('an archive from a stream is spooled and read', async () => {
  const image = await sample();
  for (const kind of ['none', 'gzip'] as const) {
    const bytes = compress(await packFiles(newDockerFiles([image])), kind);
    const stream = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
    const options = { defaultPlatform, spoolDirectory: place, reference: '-' };
    const layers = await using(openImageStream(stream, options), async (source) =>
      readLayers((await source.list('default')).images[0]),
    );
    expect(layers).toEqual(image.layers.map((one) => one.stored));
  }
});

describe('an OCI layout', () => {
  test('is read from a directory and from an archive alike', async () => {
    const index = buildIndex({ children: [await sample()], attestations: true, names: [name] });
    const files = ociFiles([index]);
    const packed = await listArchive(await packFiles(files));
    const laid = await listLayout(files);
    expect(packed.kind).toBe('oci-archive');
    expect(reasons(packed)).toEqual(['attestation']);
    expect(laid.images[0]).toMatchObject({
      names: [name],
      indexDigest: index.descriptor.digest,
      manifestDigest: packed.images[0]?.manifestDigest,
    });
  });

  test('follows nested indexes up to a limit', async () => {
    const image = await sample();
    let index = buildIndex({ children: [image] });
    for (let depth = 0; depth < 3; depth += 1) index = buildIndex({ children: [index] });
    expect((await listLayout(ociFiles([index]))).images).toHaveLength(1);
    for (let depth = 0; depth < 3; depth += 1) index = buildIndex({ children: [index] });
    expect((await failure(listLayout(ociFiles([index])))).code).toBe('too_large');
  });

  test('reports which child is missing and which is not an image', async () => {
    const image = await sample();
    const gone = { ...describeBlob(Buffer.from('gone'), image.descriptor.mediaType) };
    const chart = await buildImage({
      layers: [layer('x')],
      manifestFields: {
        config: describeBlob(Buffer.from('{}'), 'application/vnd.cncf.helm.config'),
      },
    });
    const index = buildIndex({ children: [image, gone, chart] });
    const listing = await listLayout(ociFiles([index]), 'all');
    expect(listing.images).toHaveLength(1);
    expect(reasons(listing)).toEqual(['missing_child', 'artifact']);
  });

  test('reports layers that are missing, foreign or encrypted', async () => {
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const image = await buildImage({
      layers: [
        { ...layer('a'), missing: true },
        { ...layer('b'), missing: true, mediaType: foreign },
        { ...layer('c'), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' },
        { ...layer('d'), mediaType: foreign },
      ],
    });
    const { images } = await listLayout(ociFiles([image]));
    const states = images[0]?.layers.map(({ unavailable }) => unavailable?.reason);
    expect(states).toEqual(['missing', 'foreign', 'encrypted', undefined]);
    expect((await failure(images[0]!.layers[0]!.open())).code).toBe('not_found');
  });

  test('refuses blobs that are links to the outside, and reads the others', async () => {
    const image = await sample();
    const outside = await put(image.layers[0]?.stored ?? Buffer.alloc(0));
    const path = await putLayout(
      without(ociFiles([image]), blobPath(image.layers[0]?.digest ?? '')),
    );
    await symlink(outside, join(path, blobPath(image.layers[0]?.digest ?? '')));
    const { images } = await using(openOciLayout(path, { defaultPlatform }), (source) =>
      source.list('default'),
    );
    expect(images[0]?.layers.map(({ unavailable }) => unavailable?.reason)).toEqual([
      'missing',
      undefined,
      undefined,
    ]);
    const config = await putLayout(without(ociFiles([image]), blobPath(image.configDigest)));
    await symlink('/etc/hostname', join(config, blobPath(image.configDigest)));
    const listing = using(openOciLayout(config, { defaultPlatform }), (source) =>
      source.list('all'),
    );
    expect((await failure(listing)).code).toBe('damaged');
  });
});
