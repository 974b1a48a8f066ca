import fc from 'fast-check';

import { describe, expect, test } from 'vitest';

import { buildImage, buildIndex, digestOf } from '@lazaret/analysis/testing';

import type { ImageInput } from '@lazaret/analysis/testing';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { layerDiffIds, parseImageConfig } from './image-config.ts';

import { embeddedBytes, parseIndex, parseManifest } from './manifest.ts';

import type { Index, Manifest } from './manifest.ts';

import { artifactType, layerClass } from './media-type.ts';

import { formatPlatform, parsePlatform, platformDistance } from './platform.ts';

import { checkPlatform, selectPlatforms } from './select-platforms.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const part = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
const linux = { os: 'linux', architecture: 'amd64' };
const layer = { entries: [{ path: 'a', content: Buffer.from('a') }] };

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SourceError) return error.code;
    throw error;
  }
  return 'no error';
}

function parse(document: unknown, mediaType?: string): Manifest | Index {
  return parseManifest(Buffer.from(JSON.stringify(document)), mediaType);
}

describe('a manifest', () => {
  test.each(['oci', 'docker'] as const)('of %s is parsed', async (mediaTypes) => {
    const image = await buildImage({ layers: [layer, layer], mediaTypes });
    const manifest = parseManifest(image.bytes, `${image.descriptor.mediaType}; charset=utf-8`);
    expect(manifest).toMatchObject({
      kind: 'manifest',
      mediaType: image.descriptor.mediaType,
      config: { digest: image.configDigest },
      layers: image.layers.map(({ digest, stored }) => ({ digest, sizeBytes: stored.length })),
    });
  });

  const manifest = { schemaVersion: 2, config: part, layers: [part] };
  const cases: [string, string, unknown, string?][] = [
    ['schema version 1', 'unsupported', { schemaVersion: 1, fsLayers: [] }],
    ['an object of no known kind', 'unsupported', { hello: 1 }],
    ['not an object', 'damaged', [manifest]],
    ['one that is also an index', 'damaged', { ...manifest, manifests: [] }],
    [
      'one that is declared as an index',
      'damaged',
      manifest,
      'application/vnd.oci.image.index.v1+json',
    ],
    ['one without a config', 'damaged', { schemaVersion: 2, layers: [part] }],
    ['a negative size', 'damaged', { ...manifest, layers: [{ ...part, size: -1 }] }],
    ['a size that is not a number', 'damaged', { ...manifest, layers: [{ ...part, size: '2' }] }],
    ['a digest that is a path', 'damaged', { ...manifest, config: { ...part, digest: '../a:b' } }],
    ['layers that are not a list', 'damaged', { ...manifest, layers: { length: 1 } }],
    ['a second list in different case', 'damaged', { ...manifest, Layers: [] }],
    [
      'too many layers',
      'too_large',
      { ...manifest, layers: Array.from({ length: 1_001 }, () => part) },
    ],
  ];
  test.each(cases)('that is %s is refused as %s', (_, expected, document, mediaType) => {
    expect(code(() => parse(document, mediaType))).toBe(expected);
  });

  test('that is too large, too deep or has too many values is refused before parsing', () => {
    const huge = Buffer.alloc(ociLimits.manifestBytesMax + 1, ' ');
    expect(code(() => parseManifest(huge))).toBe('too_large');
    expect(code(() => parseManifest(Buffer.from('['.repeat(100_000))))).toBe('too_large');
    expect(code(() => parseManifest(Buffer.from(`[${'[],'.repeat(2_000_000)}1]`)))).toBe(
      'too_large',
    );
  });

  test('with any content yields a document or a SourceError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        code(() => parseManifest(Buffer.from(text)));
        code(() => parseImageConfig(Buffer.from(text)));
      }),
      { numRuns: 300 },
    );
  });

  test('may have embedded content, which is verified', () => {
    const bytes = Buffer.from('{}');
    const embedded = { mediaType: '', digest: digestOf(bytes), sizeBytes: 2, data: 'e30=' };
    expect(embeddedBytes(embedded)).toEqual(bytes);
    expect(code(() => embeddedBytes({ ...embedded, digest }))).toBe('digest_mismatch');
    expect(code(() => embeddedBytes({ ...embedded, sizeBytes: 3 }))).toBe('digest_mismatch');
  });

  test('is recognized as an image or an artifact', async () => {
    const image = await buildImage({ layers: [layer] });
    expect(artifactType(parseManifest(image.bytes) as Manifest)).toBeUndefined();
    const chart = 'application/vnd.cncf.helm.config.v1+json';
    const helm = parse({ schemaVersion: 2, config: { ...part, mediaType: chart }, layers: [] });
    expect(artifactType(helm as Manifest)).toBe(chart);
    expect(layerClass('application/vnd.oci.image.layer.v1.tar+gzip+encrypted')).toBe('encrypted');
    expect(layerClass('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')).toBe('foreign');
  });
});

describe('an index', () => {
  const platform = (architecture: string, variant?: string): ImageInput['platform'] => ({
    os: 'linux',
    architecture,
    ...(variant === undefined ? {} : { variant }),
  });
  const children = async (...platforms: ImageInput['platform'][]): Promise<Index> => {
    const images = platforms.map((one) =>
      buildImage({ layers: [layer], ...(one === undefined ? {} : { platform: one }) }),
    );
    const index = buildIndex({ children: await Promise.all(images), attestations: true });
    return parseIndex(index.bytes);
  };

  test('is filtered by platform, with its attestations reported separately', async () => {
    const { children: all } = await children(platform('arm64', 'v8'), platform('amd64'));
    const chosen = selectPlatforms(all, { choice: 'default', defaultPlatform: linux });
    expect(chosen.selected.map((child) => child.platform?.architecture)).toEqual(['amd64']);
    expect(chosen.diagnostics.map(({ reason }) => reason)).toEqual([
      'attestation',
      'attestation',
      'other_platform',
    ]);
    const [other] = all;
    expect(chosen.diagnostics.at(-1)).toEqual({
      ...{ reason: 'other_platform', detail: 'linux/arm64/v8 was not examined' },
      ...{ digest: other?.digest, sizeBytes: other?.sizeBytes },
    });
    const both = selectPlatforms(all, { choice: 'all', defaultPlatform: linux });
    expect(both.selected).toHaveLength(2);
  });

  test('yields the first child when the default platform is missing, and reports it', async () => {
    const { children: all } = await children(platform('s390x'), platform('riscv64'));
    const chosen = selectPlatforms(all, { choice: 'default', defaultPlatform: linux });
    expect(chosen.selected.map((child) => child.platform?.architecture)).toEqual(['s390x']);
    expect(chosen.diagnostics.map(({ reason }) => reason)).toContain('platform_substituted');
    const asked = { choice: parsePlatform('linux/arm64'), defaultPlatform: linux };
    expect(code(() => selectPlatforms(all, asked))).toBe('no_such_platform');
  });

  test('ignores duplicate children and omits those beyond the limit', async () => {
    const { children: all } = await children(platform('amd64'));
    const doubled = selectPlatforms([...all, ...all], { choice: 'all', defaultPlatform: linux });
    expect(doubled.selected).toHaveLength(1);
    const many = parse({ schemaVersion: 2, manifests: Array.from({ length: 1_010 }, () => part) });
    expect(many).toMatchObject({ kind: 'index', omitted: 10 });
  });

  test('with a platform other than that of the image is reported', () => {
    const arm = { os: 'linux', architecture: 'arm64' };
    const question = { choice: 'default', defaultPlatform: linux } as const;
    expect(checkPlatform({ ...question, listed: linux, configured: arm })).toHaveLength(1);
    expect(checkPlatform({ ...question, configured: arm })).toHaveLength(1);
    expect(checkPlatform({ ...question, configured: linux })).toEqual([]);
    expect(code(() => checkPlatform({ ...question, choice: arm, configured: linux }))).toBe(
      'no_such_platform',
    );
  });
});

test('processors run code for older variants', () => {
  const distance = (want: string, offer: string): number | undefined =>
    platformDistance(parsePlatform(want), parsePlatform(offer));
  expect(distance('linux/arm64', 'linux/aarch64/v8')).toBe(0);
  expect(distance('linux/arm', 'linux/arm/v6')).toBe(1);
  expect(distance('linux/arm/v6', 'linux/arm/v7')).toBeUndefined();
  expect(distance('linux/amd64', 'linux/amd64/v3')).toBeUndefined();
  expect(distance('linux/amd64/v3', 'linux/x86_64')).toBe(2);
  expect(formatPlatform(parsePlatform('Linux/ARM/7'))).toBe('linux/arm/v7');
  expect(code(() => parsePlatform('linux/../x'))).toBe('unsupported');
});

describe('a configuration', () => {
  test('is converted to the format of reports', () => {
    const parsed = parseImageConfig(
      Buffer.from(
        JSON.stringify({
          ...{ os: 'linux', architecture: 'arm64', variant: 'v8', author: 'me', parent: digest },
          config: {
            ...{ User: 'app', Env: ['A=b'], Entrypoint: '/run', ExposedPorts: { '80/tcp': {} } },
            ...{ Volumes: { '/data': {} }, Labels: { a: 'b', c: 3 }, Cmd: null, StopSignal: 9 },
          },
          rootfs: { type: 'layers', diff_ids: [digest] },
          history: [{ created_by: 'COPY', empty_layer: true }, 7],
        }),
      ),
    );
    expect(parsed).toEqual({
      config: {
        ...{ author: 'me', parent: digest, user: 'app', env: ['A=b'], entrypoint: ['/run'] },
        ...{ exposedPorts: ['80/tcp'], volumes: ['/data'], labels: { a: 'b' } },
        history: [{ createdBy: 'COPY', emptyLayer: true }, {}],
      },
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      diffIds: [digest],
      warnings: [
        'config.Labels.c is not a string',
        'config.StopSignal is not a string',
        'history[1] is not an object',
      ],
    });
  });

  test('with too few diffIDs yields none', () => {
    const parsed = parseImageConfig(Buffer.from(`{"rootfs":{"diff_ids":["${digest}"]}}`));
    expect(layerDiffIds(parsed, 1)).toEqual([digest]);
    expect(layerDiffIds(parsed, 2)).toEqual([undefined, undefined]);
  });

  test('that is too large or not an object is refused', () => {
    expect(code(() => parseImageConfig(Buffer.alloc(ociLimits.imageConfigBytes + 1)))).toBe(
      'too_large',
    );
    expect(code(() => parseImageConfig(Buffer.from('[]')))).toBe('damaged');
  });
});
