// Not in the quick check: whole images are inspected in threads.
/** One file of an inspected image, read again from archives and a registry. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { writeTar } from '../archive/write-tar.ts';
import { buildImage, type BuiltImage } from '../testing/image-builder.ts';
import { startFakeRegistry, type FakeRegistry } from '@lazaret/oci/testing';
import { newDockerFiles, ociFiles, packFiles } from '../testing/write-image.ts';
import { extractContent, type ExtractRequest } from './extract-content.ts';

const sample = Buffer.from('MZ the sample, which is not the decoy of the same size');
const decoy = Buffer.from('MZ the decoy, which is of the same size as the sample!');
const member = Buffer.from('the innermost file');

let directory: string;
let registry: FakeRegistry;
let image: BuiltImage;
let packed: Buffer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-extract-'));
  registry = await startFakeRegistry({ now: () => Date.now() });
  packed = gzipSync(await tarOf('inner/member.txt', member));
  image = await buildImage({
    names: ['lab/app:1'],
    layers: [
      { entries: [{ path: 'etc/base', content: Buffer.from('base') }] },
      {
        entries: [
          { path: 'opt/decoy', content: decoy },
          { path: 'opt/sample', content: sample },
          { path: 'opt/alias', type: 'hardlink', linkPath: 'opt/sample' },
          { path: 'opt/packed.tar.gz', content: packed },
        ],
      },
    ],
  });
  registry.store.putImage('lab/app', '1', image);
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true });
});

async function tarOf(path: string, content: Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar([{ path, content }])) pieces.push(piece);
  return Buffer.concat(pieces);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function digestOf({ descriptor }: BuiltImage): string {
  return descriptor.digest;
}

async function extract(
  reference: string,
  content: Buffer,
  more: Partial<Pick<ExtractRequest, 'place' | 'content' | 'timeMs'>> = {},
): Promise<Buffer> {
  const output = join(directory, 'output');
  await writeFile(output, '');
  const layer = image.layers[1];
  await extractContent(
    {
      source: {
        reference,
        offline: false,
        spoolDirectory: directory,
        registry: {
          ...{ plainHttp: [registry.host], skipVerify: [], caFiles: [] },
          ...{ mirrors: {}, foreign: [], proxy: undefined },
        },
      },
      place: {
        ...{ image: digestOf(image), layer: 1 },
        ...{ layerDigest: layer?.descriptor.digest, diffId: layer?.diffId },
      },
      content: { wanted: { sha256: sha256(content), sizeBytes: content.length } },
      output,
      timeMs: 60_000,
      ...more,
    },
    { now: () => Date.now() },
  );
  return readFile(output);
}

const archives = { 'docker save': newDockerFiles, 'OCI layout': ociFiles } as const;

test.each(Object.entries(archives))('a file of a %s archive is read again', async (_, files) => {
  const path = join(directory, 'image.tar');
  await writeFile(path, await packFiles(files([image])));
  expect(await extract(path, sample)).toEqual(sample);
  // A compressed archive is spooled, and its layers are read from there.
  const compressed = join(directory, 'image.tar.gz');
  await writeFile(compressed, gzipSync(await readFile(path)));
  expect(await extract(compressed, sample)).toEqual(sample);
});

test('a file of a registry image is read again after its tag moved', async () => {
  const reference = `${registry.host}/lab/app:moved`;
  const other = await buildImage({ layers: [{ entries: [] }] });
  registry.store.putImage('lab/app', 'moved', other);
  expect(await extract(reference, sample)).toEqual(sample);
});

test('a member of an archive inside a layer is read by its digest', async () => {
  const container = {
    ...{ sha256: sha256(packed), sizeBytes: packed.length, path: 'opt/packed.tar.gz' },
  };
  const wanted = { sha256: sha256(member), sizeBytes: member.length };
  const found = await extract(`${registry.host}/lab/app:1`, member, {
    content: { wanted, container },
  });
  expect(found).toEqual(member);
});

test('content that the layer does not have is refused', async () => {
  const reference = `${registry.host}/lab/app:1`;
  const absent = Buffer.from('a file that no layer has, of some size');
  await expect(extract(reference, absent)).rejects.toMatchObject({
    name: 'ContentError',
    code: 'absent',
  });
});

test('an image that was removed from its registry is reported as not found', async () => {
  const place = { image: `sha256:${'0'.repeat(64)}`, layer: 0 };
  await expect(extract(`${registry.host}/lab/app:1`, sample, { place })).rejects.toMatchObject({
    name: 'SourceError',
    code: 'not_found',
  });
});

test('a layer that is not the inspected one is refused before it is read', async () => {
  const place = { image: digestOf(image), layer: 0, layerDigest: `sha256:${'0'.repeat(64)}` };
  await expect(extract(`${registry.host}/lab/app:1`, sample, { place })).rejects.toMatchObject({
    name: 'SourceError',
    code: 'digest_mismatch',
  });
});

test('a layer whose blob is missing says which one', async () => {
  const digest = image.layers[1]?.descriptor.digest ?? '';
  const lost = await startFakeRegistry({ now: () => Date.now() });
  lost.store.putImage('lab/app', '1', image);
  lost.store.blobs.delete(digest);
  try {
    const source = `${lost.host}/lab/app:1`;
    await expect(extract(source, sample)).rejects.toThrow(/404|not found|does not|unreachable/i);
  } finally {
    await lost.close();
  }
});

test('a read that takes too long ends with its time limit', async () => {
  registry.faults.on('slow-body');
  await expect(extract(`${registry.host}/lab/app:1`, sample, { timeMs: 1 })).rejects.toMatchObject({
    code: 'timed_out',
  });
  registry.faults.off('slow-body');
});
