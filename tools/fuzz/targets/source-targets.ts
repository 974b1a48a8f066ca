/** Image archives, manifests, configurations, layers. */
import type { FileBytes } from '../../../packages/analysis/src/source/file-bytes.ts';
import { examineLayer } from '../../../packages/analysis/src/inspection/layers/examine-layer.ts';
import { unpackMembers } from '../../../packages/analysis/src/inspection/walk/unpack-members.ts';
import { allReaders } from '../../../packages/analysis/src/inventory/ecosystems.ts';
import { archiveSource } from '../../../packages/analysis/src/source/image-archive.ts';
import { parseImageConfig } from '../../../packages/oci/src/image/image-config.ts';
import { SourceError } from '../../../packages/oci/src/source-error.ts';
import {
  embeddedBytes,
  parseIndex,
  parseManifest,
} from '../../../packages/oci/src/image/manifest.ts';
import { formatPlatform, parsePlatform } from '../../../packages/oci/src/image/platform.ts';
import { buildImage, buildIndex } from '../../../packages/analysis/src/testing/image-builder.ts';
import type { BuiltImage } from '../../../packages/analysis/src/testing/image-builder.ts';
import {
  newDockerFiles,
  ociFiles,
  oldDockerFiles,
  packFiles,
} from '../../../packages/analysis/src/testing/write-image.ts';
import { mergeLayers } from '../../../packages/analysis/src/tree/merge-layers.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';
import { nestedSamples, sealHeaders, tarEntries } from './sample-bytes.ts';

const oci = 'packages/oci/src/';

const defaultPlatform = { os: 'linux', architecture: 'amd64' };

async function sampleImages(): Promise<BuiltImage[]> {
  const nested = [...(await nestedSamples())].map(([path, content]) => ({ path, content }));
  const names = ['lab.example/app:1'];
  const config = { Env: ['PATH=/bin'], User: '1000', ExposedPorts: { '80/tcp': {} } };
  return Promise.all([
    buildImage({ names, layers: [{ entries: tarEntries, createdBy: 'RUN x' }], config }),
    buildImage({ names, mediaTypes: 'docker', layers: [{ entries: nested, compression: 'zstd' }] }),
    buildImage({ names, layers: [{ entries: tarEntries, compression: 'none' }] }),
  ]);
}

async function sampleArchives(): Promise<Buffer[]> {
  const [first, ...others] = await sampleImages();
  if (first === undefined) return [];
  const index = buildIndex({ children: [first, ...others], names: first.names });
  const files = [oldDockerFiles([first]), newDockerFiles([first]), ociFiles([index])];
  return Promise.all(files.map((one) => packFiles(one)));
}

function memoryBytes(bytes: Buffer): FileBytes {
  const read = (offset: number, length: number): Buffer => {
    return Buffer.from(bytes.subarray(Math.max(0, offset), Math.max(0, offset + length)));
  };
  return {
    path: undefined,
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(read(offset, length)),
    async *stream({ offset, sizeBytes }) {
      if (offset + sizeBytes > bytes.length) throw new SourceError('damaged', 'it ends too early');
      yield read(offset, sizeBytes);
    },
    close: () => Promise.resolve(),
  };
}

async function listArchive(bytes: Buffer): Promise<void> {
  const options = { defaultPlatform, reference: 'fuzz' };
  const source = await archiveSource(memoryBytes(bytes), options);
  const { images } = await source.list('all');
  for (const { layers } of images.slice(0, 4)) {
    for (const layer of layers.slice(0, 4)) {
      try {
        for await (const piece of await layer.open())
          promise(piece.length <= bytes.length, 'too much');
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
      }
    }
  }
}

async function* whole(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

/** The layer as in an inspection; twice on top of each other. */
async function examine(bytes: Buffer): Promise<void> {
  const record = await examineLayer(
    whole(bytes),
    { tarBytesMax: 4 * 1024 * 1024 },
    {
      readers: allReaders,
      scanners: [],
      digests: 'sha256',
      isLayer: true,
      unpack: unpackMembers({ digests: 'sha256', now: () => 0 }),
    },
  );
  promise(record.storedBytes === bytes.length, 'not all bytes were read');
  for (const [reader, facts] of Object.entries(record.facts)) {
    for (const [, fact] of facts) {
      const isCrash = fact.kind === 'diagnostic' && fact.reason === 'crashed';
      promise(!isCrash, `${reader} crashed: ${fact.kind === 'diagnostic' ? fact.detail : ''}`);
    }
  }
  const merged = mergeLayers([record.files, record.files]);
  let visible = 0;
  for (const file of merged.files()) {
    visible += 1;
    merged.find(file.path);
  }
  // Parent directories of a file may exist without a member.
  promise(visible <= record.files.length * 2 + 1, 'more files than members');
}

const jsonSeeds = async (): Promise<Buffer[]> => {
  const images = await sampleImages();
  const index = buildIndex({ children: images });
  const own = images.flatMap(({ bytes, config }) => [bytes, config]);
  return [index.bytes, ...own, ...harvestSeeds('source/'), ...harvestSeeds(oci)];
};

export const sourceTargets: readonly FuzzTarget[] = [
  {
    name: 'image-archive',
    files: ['source/', 'archive/'],
    seeds: sampleArchives,
    run: listArchive,
    repair: sealHeaders,
    errors: [SourceError],
    maxBytes: 256 * 1024,
    weight: 5,
  },
  {
    name: 'layer',
    files: ['inspection/', 'tree/', 'archive/', 'inventory/'],
    seeds: async () =>
      (await sampleImages()).flatMap(({ layers }) => layers.map((one) => one.stored)),
    run: examine,
    repair: sealHeaders,
    maxBytes: 128 * 1024,
    weight: 6,
  },
  {
    name: 'manifest',
    files: [`${oci}manifest`, `${oci}untrusted-json`, `${oci}media-type`, `${oci}platform`],
    seeds: jsonSeeds,
    run: (bytes) => {
      const document = parseManifest(bytes);
      if (document.kind !== 'index') for (const layer of document.layers) embeddedBytes(layer);
    },
    errors: [SourceError],
    weight: 2,
  },
  {
    name: 'index',
    files: [`${oci}manifest`, `${oci}untrusted-json`, `${oci}media-type`, `${oci}platform`],
    seeds: jsonSeeds,
    run: (bytes) => void parseIndex(bytes),
    errors: [SourceError],
    weight: 2,
  },
  {
    name: 'image-config',
    files: [`${oci}image-config`, `${oci}untrusted-json`, `${oci}platform`],
    seeds: jsonSeeds,
    run: (bytes) => void parseImageConfig(bytes),
    errors: [SourceError],
    weight: 2,
  },
  {
    name: 'platform',
    files: [`${oci}platform`],
    seeds: () => ['linux/amd64', 'linux/arm/v7', 'Linux/ARM64/v8'].map((one) => Buffer.from(one)),
    run: (bytes) => void formatPlatform(parsePlatform(bytes.toString())),
    errors: [SourceError],
  },
];
