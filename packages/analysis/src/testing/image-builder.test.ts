import { expect, test } from 'vitest';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

import { readAll, chunked } from '../archive/testing/tar-samples.ts';
import { buildImage, buildIndex, buildTar, compress, digestOf } from './image-builder.ts';
import { rawMember } from './raw-tar.ts';
import { newDockerFiles, ociFiles, oldDockerFiles, packFiles } from './write-image.ts';

const file = { path: 'etc/os-release', content: Buffer.from('ID=lab\n') };

test('the same description yields the same bytes, with correct claims', async () => {
  const input = { layers: [{ entries: [file] }, { entries: [], compression: 'zstd' as const }] };
  const [one, two] = [await buildImage(input), await buildImage(input)];
  expect(one).toEqual(two);
  expect(digestOf(one.bytes)).toBe(one.descriptor.digest);
  for (const [digest, blob] of one.blobs) expect(digestOf(blob)).toBe(digest);
  expect(JSON.parse(one.config.toString())).toMatchObject({
    rootfs: { diff_ids: one.layers.map(({ tar }) => digestOf(tar)) },
  });
});

test('claims are forged as described', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const image = await buildImage({
    layers: [{ entries: [file], claims: { digest, sizeBytes: 7, diffId: digest }, missing: true }],
    manifestFields: { mediaType: undefined },
  });
  const manifest: unknown = JSON.parse(image.bytes.toString());
  expect(manifest).toMatchObject({ layers: [{ digest, size: 7 }] });
  expect(manifest).not.toHaveProperty('mediaType');
  expect(image.blobs.has(digest)).toBe(false);
});

test('every compression is reversible', async () => {
  const tar = await buildTar([file, rawMember({ name: '../up', content: Buffer.from('x') })]);
  expect((await readAll(chunked(tar, []))).map(({ path }) => path)).toEqual([file.path, '../up']);
  for (const kind of ['gzip', 'gzip-members'] as const) {
    expect(gunzipSync(compress(tar, kind))).toEqual(tar);
  }
  for (const kind of ['zstd', 'zstd-frames'] as const) {
    expect(zstdDecompressSync(compress(tar, kind))).toEqual(tar);
  }
});

test('archives and layouts have the format of their tools', async () => {
  const layer = { entries: [file] };
  const names = ['lab/app:1'];
  const image = await buildImage({ layers: [layer, layer], names });
  const index = buildIndex({ children: [image], attestations: true });
  const paths = async (files: ReturnType<typeof ociFiles>): Promise<string[]> =>
    (await readAll(chunked(await packFiles(files), []))).map(({ path, type }) => `${type} ${path}`);
  const old = await paths(oldDockerFiles([image]));
  expect(
    old.filter((path) => path.endsWith('layer.tar')).map((path) => path.split(' ')[0]),
  ).toEqual(['file', 'symlink']);
  expect(old).toContain('file manifest.json');
  expect(await paths(newDockerFiles([image]))).toEqual(
    expect.arrayContaining(['file oci-layout', 'file index.json', 'file manifest.json']),
  );
  expect((await paths(ociFiles([index]))).filter((path) => path.includes('sha256/'))).toHaveLength(
    7,
  );
});
