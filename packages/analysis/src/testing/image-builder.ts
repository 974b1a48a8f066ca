/**
 * Images made in memory from a description, for tests: layers from tar members, configuration,
 * manifest, index. Every claim (digest, size, diffID, media type, raw bytes) can be forged. The
 * same description gives the same bytes. `write-image.ts` puts them into archives and layouts.
 */
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import type { TarInput } from '../archive/write-tar.ts';
import { writeTar } from '../archive/write-tar.ts';

/** `gzip-members`: several members; `zstd-frames`: several frames with a skippable one between. */
export type LayerCompression = 'none' | 'gzip' | 'zstd' | 'gzip-members' | 'zstd-frames';
export type MediaTypeFamily = 'docker' | 'oci';

export interface LayerInput {
  /** Members in order; bytes are written to the tar unchanged, which allows hostile headers. */
  readonly entries?: readonly (TarInput | Uint8Array)[];
  /** The complete tar, instead of `entries`. */
  readonly tar?: Uint8Array;
  /** The bytes as stored, instead of the compressed tar. */
  readonly stored?: Uint8Array;
  /** `gzip` unless given. */
  readonly compression?: LayerCompression;
  readonly mediaType?: string;
  /** Claims of manifest and configuration, instead of the real values. */
  readonly claims?: {
    readonly digest?: string;
    readonly sizeBytes?: number;
    readonly diffId?: string;
  };
  /** Its blob is omitted from archives and layouts. */
  readonly missing?: boolean;
  /** Further fields of its descriptor: `urls`, `annotations`, `data`. */
  readonly descriptor?: Readonly<Record<string, unknown>>;
  /** In the history of the configuration. */
  readonly createdBy?: string;
}

export interface PlatformInput {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
}

export interface ImageInput {
  readonly layers: readonly LayerInput[];
  /** `registry.lab/app:1.2`; used by archives and layouts. */
  readonly names?: readonly string[];
  /** `oci` unless given. */
  readonly mediaTypes?: MediaTypeFamily;
  /** linux/amd64 unless given. */
  readonly platform?: PlatformInput;
  /** The `config` object of the configuration: Env, User, Entrypoint... */
  readonly config?: Readonly<Record<string, unknown>>;
  /**
   * Fields of the configuration that replace the generated ones: `history`, `created`, `rootfs`...
   */
  readonly configFields?: Readonly<Record<string, unknown>>;
  /** Instead of those of the layers. */
  readonly diffIds?: readonly string[];
  /** The bytes of the configuration, instead of all of the above. */
  readonly configBytes?: Uint8Array;
  /** Fields of the manifest that replace the generated ones; undefined removes one. */
  readonly manifestFields?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface BuiltDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

/** A manifest or an index with everything that it refers to. */
export interface Built {
  readonly names: readonly string[];
  readonly descriptor: BuiltDescriptor;
  /** The manifest's or index's own bytes. */
  readonly bytes: Buffer;
  /** Everything by its requested digest, itself included. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export interface BuiltLayer {
  /** The real values, whatever was claimed. */
  readonly tar: Buffer;
  readonly stored: Buffer;
  readonly digest: string;
  readonly diffId: string;
  /** The claims of the manifest. */
  readonly descriptor: BuiltDescriptor;
  readonly claimedDiffId: string;
  readonly missing: boolean;
}

export interface BuiltImage extends Built {
  readonly kind: 'image';
  readonly platform: PlatformInput;
  readonly config: Buffer;
  readonly configDigest: string;
  readonly layers: readonly BuiltLayer[];
}

export interface BuiltIndex extends Built {
  readonly kind: 'index';
  readonly children: readonly Built[];
}

const plainTypes = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
    gzip: '+gzip',
    zstd: '+zstd',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
    gzip: '.gzip',
    zstd: '.zstd',
  },
} as const;

export async function buildImage(input: ImageInput): Promise<BuiltImage> {
  const family = plainTypes[input.mediaTypes ?? 'oci'];
  const platform = input.platform ?? { os: 'linux', architecture: 'amd64' };
  const layers: BuiltLayer[] = [];
  for (const layer of input.layers) {
    layers.push(await buildLayer(layer, input.mediaTypes ?? 'oci'));
  }
  const config =
    input.configBytes === undefined
      ? json(configuration(input, platform, layers))
      : Buffer.from(input.configBytes);
  const configDescriptor = describe(config, family.config);
  const bytes = json({
    schemaVersion: 2,
    mediaType: family.manifest,
    config: configDescriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
    ...input.manifestFields,
  });
  const descriptor = { ...describe(bytes, family.manifest), platform };
  const blobs = new Map([
    [descriptor.digest, bytes],
    [configDescriptor.digest, config],
  ]);
  for (const layer of layers) {
    if (!layer.missing) blobs.set(layer.descriptor.digest, layer.stored);
  }
  const names = input.names ?? [];
  const configDigest = configDescriptor.digest;
  return { kind: 'image', names, platform, layers, config, configDigest, descriptor, bytes, blobs };
}

export interface IndexInput {
  /** Images, indexes, or descriptors of missing content. */
  readonly children: readonly (BuiltImage | BuiltIndex | BuiltDescriptor)[];
  readonly names?: readonly string[];
  readonly mediaTypes?: MediaTypeFamily;
  /** Adds the attestation of each image, as BuildKit does. */
  readonly attestations?: boolean;
  /** Fields of the index that replace the generated ones. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export function buildIndex(input: IndexInput): BuiltIndex {
  const family = plainTypes[input.mediaTypes ?? 'oci'];
  const children = input.children.filter((child): child is BuiltImage | BuiltIndex =>
    isBuilt(child),
  );
  const attestations = input.attestations === true ? children.map(buildAttestation) : [];
  const descriptors = input.children.map((child) => (isBuilt(child) ? child.descriptor : child));
  const bytes = json({
    schemaVersion: 2,
    mediaType: family.index,
    manifests: [...descriptors, ...attestations.map(({ descriptor }) => descriptor)],
    ...input.fields,
  });
  const descriptor = describe(bytes, family.index);
  const blobs = new Map([[descriptor.digest, bytes]]);
  for (const child of [...children, ...attestations]) {
    for (const [digest, blob] of child.blobs) blobs.set(digest, blob);
  }
  return { kind: 'index', names: input.names ?? [], children, descriptor, bytes, blobs };
}

/** `sha256:...` of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A correct descriptor of some bytes. */
export function describe(bytes: Uint8Array, mediaType: string): BuiltDescriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** A tar of members and raw bytes, with its end marker. */
export async function buildTar(entries: readonly (TarInput | Uint8Array)[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (const entry of entries) {
    if (entry instanceof Uint8Array) pieces.push(entry);
    else {
      const written: Uint8Array[] = [];
      for await (const piece of writeTar([entry])) written.push(Buffer.from(piece));
      written.pop();
      pieces.push(...written);
    }
  }
  return Buffer.concat([...pieces, Buffer.alloc(1_024)]);
}

async function buildLayer(input: LayerInput, family: MediaTypeFamily): Promise<BuiltLayer> {
  const tar =
    input.tar === undefined ? await buildTar(input.entries ?? []) : Buffer.from(input.tar);
  const compression = input.compression ?? 'gzip';
  const stored =
    input.stored === undefined ? compress(tar, compression) : Buffer.from(input.stored);
  const mediaType = input.mediaType ?? layerMediaType(family, compression);
  const truth = describe(stored, mediaType);
  const { digest = truth.digest, sizeBytes = truth.size } = input.claims ?? {};
  const diffId = digestOf(tar);
  return {
    tar,
    stored,
    digest: truth.digest,
    diffId,
    descriptor: { mediaType, digest, size: sizeBytes, ...input.descriptor },
    claimedDiffId: input.claims?.diffId ?? diffId,
    missing: input.missing ?? false,
  };
}

function layerMediaType(family: MediaTypeFamily, compression: LayerCompression): string {
  const types = plainTypes[family];
  if (compression === 'none') return types.layer;
  return types.layer + (compression.startsWith('gzip') ? types.gzip : types.zstd);
}

/** Bytes in one or several gzip members or zstd frames. */
export function compress(bytes: Buffer, compression: LayerCompression): Buffer {
  if (compression === 'none') return bytes;
  if (compression === 'gzip') return gzipSync(bytes);
  if (compression === 'zstd') return zstdCompressSync(bytes);
  const half = Math.floor(bytes.length / 2);
  const [first, second] = [bytes.subarray(0, half), bytes.subarray(half)];
  if (compression === 'gzip-members') return Buffer.concat([gzipSync(first), gzipSync(second)]);
  return Buffer.concat([zstdCompressSync(first), skippableFrame, zstdCompressSync(second)]);
}

/** RFC 8878, 3.1.2: a magic number, the size, and bytes that are not content. */
const skippableFrame = Buffer.from('502a4d1804000000deadbeef', 'hex');

function configuration(
  input: ImageInput,
  platform: PlatformInput,
  layers: readonly BuiltLayer[],
): Record<string, unknown> {
  const created = '2024-01-02T03:04:05Z';
  return {
    ...platform,
    created,
    config: input.config ?? { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/sh'] },
    rootfs: {
      type: 'layers',
      diff_ids: input.diffIds ?? layers.map(({ claimedDiffId }) => claimedDiffId),
    },
    history: input.layers.map(({ createdBy }, index) => ({
      created,
      created_by: createdBy ?? `layer ${index}`,
    })),
    ...input.configFields,
  };
}

/** The in-toto child that BuildKit adds to an image. */
function buildAttestation(subject: Built): Built {
  const [algorithm = '', digest = ''] = subject.descriptor.digest.split(':');
  const statement = json({
    _type: 'https://in-toto.io/Statement/v0.1',
    subject: [{ digest: { [algorithm]: digest } }],
  });
  const layer = describe(statement, 'application/vnd.in-toto+json');
  const config = json({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const configDescriptor = describe(config, plainTypes.oci.config);
  const bytes = json({
    schemaVersion: 2,
    mediaType: plainTypes.oci.manifest,
    config: configDescriptor,
    layers: [layer],
  });
  const descriptor = {
    ...describe(bytes, plainTypes.oci.manifest),
    annotations: {
      'vnd.docker.reference.digest': subject.descriptor.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: { architecture: 'unknown', os: 'unknown' },
  };
  const blobs = new Map([
    [descriptor.digest, bytes],
    [configDescriptor.digest, config],
    [layer.digest, statement],
  ]);
  return { names: [], descriptor, bytes, blobs };
}

function isBuilt(
  child: BuiltImage | BuiltIndex | BuiltDescriptor,
): child is BuiltImage | BuiltIndex {
  return 'blobs' in child;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
