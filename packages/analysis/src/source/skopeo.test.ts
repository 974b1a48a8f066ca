/** The output of skopeo is read, and skopeo reads the output of the test builder. */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, expect, test } from 'vitest';

import { decompress } from '../archive/decompress.ts';
import { gather } from '../archive/testing/tar-samples.ts';
import { buildImage, buildIndex, digestOf } from '../testing/image-builder.ts';
import type { BuiltImage } from '../testing/image-builder.ts';
import {
  ociFiles,
  packFiles,
  newDockerFiles,
  oldDockerFiles,
  writeFiles,
} from '../testing/write-image.ts';
import { openImageArchive } from './image-archive.ts';
import type { ImageListing, ImageSource } from '@lazaret/oci';
import { openOciLayout } from './oci-layout.ts';

const run = promisify(execFile);
const place = mkdtempSync(join(tmpdir(), 'lazaret-skopeo-'));
const defaultPlatform = { os: 'linux', architecture: 'amd64' };
const bounds = { totalBytes: 1e9, ratio: 1e6, freeBytes: 1e9 };

afterAll(() => rm(place, { recursive: true }));

async function skopeo(from: string, to: string, ...words: string[]): Promise<void> {
  await run('skopeo', [
    '--insecure-policy',
    '--tmpdir',
    place,
    'copy',
    '--quiet',
    ...words,
    from,
    to,
  ]);
}

async function sample(architecture = 'amd64'): Promise<BuiltImage> {
  const file = (path: string): object => ({ path, content: Buffer.from(path.repeat(1_000)) });
  return buildImage({
    mediaTypes: 'docker',
    platform: { os: 'linux', architecture },
    names: ['lab.example/app:1'],
    layers: ['zz', 'aa', 'mm', 'aa'].map((path) => ({ entries: [file(path) as { path: string }] })),
  });
}

async function listAll(
  opening: Promise<ImageSource>,
): Promise<ImageListing & { diffIds: string[] }> {
  const source = await opening;
  const listing = await source.list('all');
  const diffIds: string[] = [];
  for (const layer of listing.images.flatMap(({ layers }) => layers)) {
    const { plain } = await decompress(await layer.open(), bounds);
    diffIds.push(digestOf(await gather(plain)));
    expect(diffIds.at(-1)).toBe(layer.diffId);
  }
  await source.close();
  return { ...listing, diffIds };
}

test('each of its archives and layouts contains the original image', async () => {
  const image = await sample();
  const expected = image.layers.map(({ diffId }) => diffId);
  const old = join(place, 'old.tar');
  const young = join(place, 'new.tar');
  await writeFile(old, await packFiles(oldDockerFiles([image])));
  await writeFile(young, await packFiles(newDockerFiles([image])));
  for (const [index, from] of [`docker-archive:${old}`, `docker-archive:${young}`].entries()) {
    const paths = ['docker.tar', 'oci.tar', 'layout'].map((name) =>
      join(place, `${index}-${name}`),
    );
    const [docker = '', oci = '', layout = ''] = paths;
    await skopeo(from, `docker-archive:${docker}:lab.example/app:2`);
    await skopeo(from, `oci-archive:${oci}:app`);
    await skopeo(from, `oci:${layout}:app`);
    const listings = await Promise.all([
      listAll(openImageArchive(docker, { defaultPlatform })),
      listAll(openImageArchive(oci, { defaultPlatform })),
      listAll(openOciLayout(layout, { defaultPlatform })),
    ]);
    expect(listings.map(({ diffIds }) => diffIds)).toEqual([expected, expected, expected]);
    expect(listings.map(({ images }) => images[0]?.names)).toEqual([
      ['lab.example/app:2'],
      ['app'],
      ['app'],
    ]);
    expect(listings.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  }
});

test('an index of several platforms is copied by it unchanged', async () => {
  const images = [await sample('amd64'), await sample('arm64')];
  const index = buildIndex({ children: images, names: ['app'] });
  const [from, to] = [join(place, 'from'), join(place, 'to')];
  await mkdir(from);
  await writeFiles(from, ociFiles([index]));
  await skopeo(`oci:${from}:app`, `oci:${to}:app`, '--all');
  const { images: found, diffIds } = await listAll(openOciLayout(to, { defaultPlatform }));
  expect(found.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'arm64']);
  expect(diffIds).toHaveLength(8);
  const zstd = join(place, 'zstd');
  await skopeo(
    `oci:${to}:app`,
    `oci:${zstd}:app`,
    '--dest-compress-format',
    'zstd',
    '--dest-compress',
  );
  const { images: compressed } = await listAll(openOciLayout(zstd, { defaultPlatform }));
  expect(compressed).toHaveLength(1);
});
