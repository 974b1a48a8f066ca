// Not in the quick check: images are truncated and changed in many places.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildImage } from '../testing/image-builder.ts';
import { rawMember } from '../testing/raw-tar.ts';
import {
  blobPath,
  newDockerFiles,
  ociFiles,
  oldDockerFiles,
  packFiles,
} from '../testing/write-image.ts';
import type { ImageFiles } from '../testing/write-image.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageListing } from '@lazaret/oci';
import {
  layer,
  listArchive,
  failure,
  reasons,
  without,
  replace,
  sample,
  name,
  place,
  useLocalSources,
} from './testing/local-sources.ts';

useLocalSources();

describe('hostile images', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'damaged'],
    ['text', Buffer.from('hello\n'.repeat(500)), 'damaged'],
    ['another archive', rawMember({ name: 'etc/passwd' }), 'unsupported'],
    ['an empty archive', Buffer.alloc(10_240), 'unsupported'],
    ['gzip of nothing', gzipSync(''), 'unsupported'],
  ])('%s is not an archive', async (_, bytes, code) => {
    expect((await failure(listArchive(bytes, { spoolDirectory: place }))).code).toBe(code);
  });

  test('truncated archives are damaged, unless their images are complete', async () => {
    const bytes = await packFiles(newDockerFiles([await sample()]));
    for (let length = 100; length < bytes.length - 1_024; length += 700) {
      const listing = await listArchive(bytes.subarray(0, length)).catch((error: unknown) => error);
      if (listing instanceof SourceError) {
        expect(['damaged', 'unsupported', 'not_found']).toContain(listing.code);
        continue;
      }
      // Truncated between two members, after everything that an image needs.
      const { images } = listing as ImageListing;
      expect(images.flatMap(({ layers }) => layers.map((one) => one.unavailable))).toEqual([
        ...[undefined, undefined, undefined],
      ]);
    }
  });

  test('links and names cannot reach outside the archive', async () => {
    const image = await buildImage({ layers: [layer('a')], names: [name] });
    const files = oldDockerFiles([image]);
    const path = [...files.keys()].find((one) => one.endsWith('layer.tar')) ?? '';
    for (const linkPath of ['/etc/passwd', '../../../etc/passwd', 'layer.tar']) {
      const link = { path, type: 'symlink', linkPath } as const;
      const { images } = await listArchive(await packFiles(new Map(files).set(path, link)));
      expect(images[0]?.layers[0]?.unavailable?.reason).toBe('missing');
    }
    const climbing = rawMember({ name: '../manifest.json', content: Buffer.from('[]') });
    const inside = await packFiles(files);
    expect((await listArchive(Buffer.concat([climbing, inside]))).images).toHaveLength(1);
  });

  test('a missing, wrong, huge or invalid configuration is an error with its reason', async () => {
    const image = await sample();
    const config = blobPath(image.configDigest);
    const cases: [ImageFiles, string][] = [
      [without(ociFiles([image]), config), 'not_found'],
      [replace(ociFiles([image]), config, '{}'), 'digest_mismatch'],
      [without(newDockerFiles([image]), config), 'not_found'],
      [replace(newDockerFiles([image]), config, '{}'), 'digest_mismatch'],
      [replace(ociFiles([image]), blobPath(image.descriptor.digest), '{}'), 'digest_mismatch'],
      [replace(oldDockerFiles([image]), 'manifest.json', '[{"Config":1}]'), 'damaged'],
      [replace(oldDockerFiles([image]), 'manifest.json', '[]'), 'unsupported'],
      [replace(ociFiles([image]), 'index.json', Buffer.alloc(9 * 1024 * 1024, ' ')), 'too_large'],
      [replace(ociFiles([image]), 'oci-layout', '{"imageLayoutVersion":"2.0"}'), 'unsupported'],
    ];
    for (const [files, code] of cases) {
      expect((await failure(listArchive(await packFiles(files)))).code).toBe(code);
    }
    const huge = await buildImage({ layers: [], configBytes: Buffer.alloc(17 * 1024 * 1024, ' ') });
    expect((await failure(listArchive(await packFiles(ociFiles([huge]))))).code).toBe('too_large');
  });

  test('a broken image among valid ones is reported', async () => {
    const [good, bad] = [
      await sample(),
      await buildImage({ layers: [], configBytes: Buffer.from('?') }),
    ];
    const listing = await listArchive(await packFiles(oldDockerFiles([bad, good])));
    expect(listing.images.map(({ configDigest }) => configDigest)).toEqual([good.configDigest]);
    expect(reasons(listing)).toEqual(['unsupported']);
  });

  test('forged digests are left for the walk to verify', async () => {
    const diffId = `sha256:${'e'.repeat(64)}`;
    const image = await buildImage({
      layers: [{ ...layer('a'), claims: { diffId, digest: diffId, sizeBytes: 5 } }],
    });
    const { images } = await listArchive(await packFiles(ociFiles([image])));
    expect(images[0]?.layers[0]).toMatchObject({ diffId, digest: diffId, sizeBytes: 5 });
  });

  test('diffIDs that do not match the number of layers are not used', async () => {
    const image = await buildImage({ layers: [layer('a'), layer('b')], diffIds: [] });
    const listing = await listArchive(await packFiles(ociFiles([image])));
    expect(listing.images[0]?.layers.map((one) => one.diffId)).toEqual([undefined, undefined]);
    expect(reasons(listing)).toEqual(['unsupported']);
  });

  test('images may have no layers or 500 layers', async () => {
    const many = Array.from({ length: 500 }, (_, index) => layer(`f${index}`));
    const [none, all] = [await buildImage({ layers: [] }), await buildImage({ layers: many })];
    for (const write of [oldDockerFiles, newDockerFiles, ociFiles]) {
      const images = await Promise.all([none, all].map(async (image) => packFiles(write([image]))));
      const counts = await Promise.all(
        images.map(async (bytes) => (await listArchive(bytes)).images[0]?.layers.length),
      );
      expect(counts).toEqual([0, 500]);
    }
  });

  test('archives with changed bytes yield a listing or a SourceError', async () => {
    const whole = await packFiles(newDockerFiles([await sample()]));
    const change = fc.record({ at: fc.nat(whole.length - 1_025), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes) bytes[at] = byte;
        const listing = await listArchive(bytes).catch((error: unknown) => error);
        expect(listing instanceof SourceError || 'images' in (listing as object)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('the last of duplicate members counts', async () => {
    const image = await sample();
    const files = oldDockerFiles([image]);
    const first = await packFiles(replace(files, 'manifest.json', '[]'));
    const doubled = Buffer.concat([first.subarray(0, -1_024), await packFiles(files)]);
    expect((await listArchive(doubled)).images).toHaveLength(1);
  });
});
