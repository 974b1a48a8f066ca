/** An image manifest and its configuration, put together as what the walk reads. */
import { limits, type Platform, type SourceRemark } from '@lazaret/protocol';

import { layerDiffIds, parseImageConfig, type ParsedImageConfig } from '../image-config.ts';
import { SourceError, type SourceImage, type SourceLayer } from '../image-source.ts';
import type { Descriptor, Manifest } from '../manifest.ts';
import { layerClass } from '../media-type.ts';
import { embeddedContent } from './read-manifest.ts';

/** Where the parts of an image come from. */
export interface ImageParts {
  readBlob(descriptor: Descriptor, maxBytes: number): Promise<Buffer>;
  openLayer(
    descriptor: Descriptor,
    url: URL | undefined,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** As `refuse` of a layer. */
  refuseLayer(descriptor: Descriptor, why: string): boolean;
  hasBlob(descriptor: Descriptor): Promise<boolean>;
  /** The first of a foreign layer's URLs that may be asked. */
  allowedUrl(urls: readonly string[]): URL | undefined;
}

export interface ManifestPlace {
  readonly names: readonly string[];
  readonly digest: string;
  readonly indexDigest?: string | undefined;
  /** As the index says. */
  readonly listed?: Platform | undefined;
}

export interface AssembledImage {
  readonly image: SourceImage;
  /** By the image's own configuration. */
  readonly configured: Platform | undefined;
  readonly remarks: readonly SourceRemark[];
}

/** Throws SourceError where the configuration cannot be had or read. */
export async function assembleImage(
  manifest: Manifest,
  place: ManifestPlace,
  parts: ImageParts,
): Promise<AssembledImage> {
  const config = await parts.readBlob(manifest.config, limits.imageConfigBytes);
  const parsed = parseImageConfig(config);
  const diffIds = layerDiffIds(parsed, manifest.layers.length);
  const layers: SourceLayer[] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    layers.push(await assembleLayer(layer, diffIds[index], parts));
  }
  const { names, digest, indexDigest, listed } = place;
  const platform = parsed.platform ?? listed;
  const { annotations, mediaType } = manifest;
  const image: SourceImage = {
    names,
    manifestDigest: digest,
    configDigest: manifest.config.digest,
    mediaType,
    config,
    layers,
    ...(indexDigest === undefined ? {} : { indexDigest }),
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { image, configured: parsed.platform, remarks: remarkLayers(manifest, parsed, digest) };
}

function remarkLayers(
  { layers }: Manifest,
  { diffIds }: ParsedImageConfig,
  digest: string,
): SourceRemark[] {
  if (diffIds.length === layers.length) return [];
  const counts = `${diffIds.length} layers, the manifest ${layers.length}`;
  const detail = `the configuration names ${counts}: its layer digests are not used`;
  return [{ reason: 'unsupported', detail, digest }];
}

export async function assembleLayer(
  descriptor: Descriptor,
  diffId: string | undefined,
  parts: ImageParts,
): Promise<SourceLayer> {
  const { digest, mediaType, sizeBytes, urls = [] } = descriptor;
  const embedded = embeddedContent(descriptor);
  const url = layerClass(mediaType) === 'foreign' ? parts.allowedUrl(urls) : undefined;
  const isHere = embedded !== undefined || url !== undefined;
  const unavailable = await whyUnavailable(descriptor, isHere, parts);
  return {
    digest,
    mediaType,
    sizeBytes,
    ...(diffId === undefined ? {} : { diffId }),
    ...(unavailable === undefined ? {} : { unavailable }),
    async open(signal) {
      if (unavailable !== undefined) throw new SourceError('unsupported', unavailable.detail);
      if (embedded !== undefined) return once(embedded);
      return parts.openLayer(descriptor, url, signal);
    },
    refuse: (why) => !isHere && parts.refuseLayer(descriptor, why),
  };
}

async function whyUnavailable(
  descriptor: Descriptor,
  isHere: boolean,
  parts: ImageParts,
): Promise<SourceLayer['unavailable']> {
  const { digest, mediaType, urls = [] } = descriptor;
  const kind = layerClass(mediaType);
  if (kind === 'encrypted') {
    return { reason: 'encrypted', detail: `the layer ${digest} is encrypted (${mediaType})` };
  }
  // Registries may keep what they need not: then it is a layer like any other.
  if (kind !== 'foreign' || isHere || (await parts.hasBlob(descriptor))) return undefined;
  const hosts = urls.slice(0, 10).flatMap((one) => URL.parse(one)?.host ?? []);
  const places = hosts.length === 0 ? 'nowhere that it names' : [...new Set(hosts)].join(', ');
  const detail = `the layer ${digest} lies outside the registry, at ${places.slice(0, 500)}`;
  return { reason: 'foreign', detail: `${detail}; allow the host to have it read` };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
