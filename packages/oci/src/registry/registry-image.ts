/** Assembles an image from its manifest and configuration. */
import type { Platform, SourceDiagnostic } from '@lazaret/protocol';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { layerDiffIds, parseImageConfig, type ParsedImageConfig } from '../image/image-config.ts';
import { type SourceImage, type SourceLayer } from '../image/image-source.ts';
import type { Descriptor, Manifest } from '../image/manifest.ts';
import { layerClass } from '../image/media-type.ts';
import { embeddedContent } from './read-manifest.ts';

/** Access to the parts of an image. */
export interface ImageParts {
  readBlob(descriptor: Descriptor, maxBytes: number): Promise<Buffer>;
  openLayer(
    descriptor: Descriptor,
    url: URL | undefined,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** See `refuse` of a layer. */
  refuseLayer(descriptor: Descriptor, why: string): boolean;
  hasBlob(descriptor: Descriptor): Promise<boolean>;
  /** The first URL of a foreign layer whose host is allowed. */
  allowedUrl(urls: readonly string[]): URL | undefined;
}

export interface ManifestPlace {
  readonly names: readonly string[];
  readonly digest: string;
  readonly indexDigest?: string | undefined;
  /** As stated in the index. */
  readonly listed?: Platform | undefined;
}

export interface AssembledImage {
  readonly image: SourceImage;
  /** As stated in the configuration of the image. */
  readonly configured: Platform | undefined;
  readonly diagnostics: readonly SourceDiagnostic[];
}

/** Throws SourceError when the configuration is unavailable or invalid. */
export async function assembleImage(
  manifest: Manifest,
  place: ManifestPlace,
  parts: ImageParts,
): Promise<AssembledImage> {
  const config = await parts.readBlob(manifest.config, ociLimits.imageConfigBytes);
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
  return {
    image,
    configured: parsed.platform,
    diagnostics: layerDiagnostics(manifest, parsed, digest),
  };
}

function layerDiagnostics(
  { layers }: Manifest,
  { diffIds }: ParsedImageConfig,
  digest: string,
): SourceDiagnostic[] {
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
  // A registry may store foreign layers as well; then it is a normal layer.
  if (kind !== 'foreign' || isHere || (await parts.hasBlob(descriptor))) return undefined;
  const hosts = urls.slice(0, 10).flatMap((one) => URL.parse(one)?.host ?? []);
  const places = hosts.length === 0 ? 'no URL' : [...new Set(hosts)].join(', ');
  const detail = `the layer ${digest} is stored outside the registry, at ${places.slice(0, 500)}`;
  return { reason: 'foreign', detail: `${detail}; allow the host to read it` };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
