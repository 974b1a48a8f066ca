// Not in the quick check: images are written to disk and read again.
/** Exporting an image: exactly the layers that were inspected, or an error. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage, digestOf, type BuiltImage, type ImageInput } from '../testing/index.ts';
import { newDockerFiles, packFiles } from '../testing/index.ts';
import { exportImage } from './export-image.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-export-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const layers: ImageInput['layers'] = [
  { compression: 'zstd', entries: [{ path: 'a', content: Buffer.from('first') }] },
  { compression: 'gzip-members', entries: [{ path: 'b', content: Buffer.from('second') }] },
  { compression: 'none', entries: [{ path: 'c', content: Buffer.from('third') }] },
];

async function exportBuilt(
  built: BuiltImage,
  changes: { diffIds?: string[]; maxBytes?: number; image?: string } = {},
): Promise<string[]> {
  const path = join(directory, 'image.tar');
  await writeFile(path, await packFiles(newDockerFiles([built])));
  const digest = built.descriptor.digest;
  const source = { reference: path, offline: true, registry: {}, spoolDirectory: directory };
  const request = { source, image: digest, diffIds: [], maxBytes: 1e6, ...changes };
  return exportImage(request, { now: Date.now }, async (image) => {
    const found: string[] = [];
    for await (const { diffId, sizeBytes, tar } of image.layers) {
      const pieces: Uint8Array[] = [];
      for await (const piece of tar) pieces.push(Buffer.from(piece));
      const bytes = Buffer.concat(pieces);
      expect([bytes.length, digestOf(bytes)]).toEqual([sizeBytes, diffId]);
      found.push(diffId);
    }
    return found;
  });
}

test('every layer is decompressed and verified, in order, and nothing is left on disk', async () => {
  const built = await buildImage({ layers });
  const exported = await exportBuilt(built);
  expect(exported).toEqual(built.layers.map(({ diffId }) => diffId));
  expect(await readdir(directory)).toEqual(['image.tar']);
});

test('a layer with another diffID than that of the configuration or the inspection is refused', async () => {
  const other = `sha256:${'0'.repeat(64)}`;
  const forged = await buildImage({ layers: [{ ...layers[0], claims: { diffId: other } }] });
  await expect(exportBuilt(forged)).rejects.toMatchObject({ code: 'digest_mismatch' });
  const built = await buildImage({ layers });
  await expect(exportBuilt(built, { diffIds: [other] })).rejects.toThrow('digest mismatch');
});

test('an image above the limit, and one that is not there, are refused', async () => {
  const built = await buildImage({ layers });
  await expect(exportBuilt(built, { maxBytes: 2_000 })).rejects.toMatchObject({
    code: 'too_large',
  });
  const image = `sha256:${'1'.repeat(64)}`;
  await expect(exportBuilt(built, { image })).rejects.toMatchObject({ code: 'not_found' });
});
