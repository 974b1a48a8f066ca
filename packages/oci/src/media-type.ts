/** The media types of images, and what each means for reading. */
import type { Platform } from '@lazaret/protocol';

const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';

export const mediaTypes: {
  readonly ociIndex: string;
  readonly ociManifest: string;
  readonly dockerIndex: string;
  readonly dockerManifest: string;
  readonly documents: ReadonlyMap<string, 'index' | 'manifest'>;
} = {
  ociIndex,
  ociManifest,
  dockerIndex,
  dockerManifest,
  /** What a document of the type must be. */
  documents: new Map([
    [ociIndex, 'index'],
    [dockerIndex, 'index'],
    [ociManifest, 'manifest'],
    [dockerManifest, 'manifest'],
  ]),
};

/** Octet-stream is what early Docker clients called it; some writers say nothing. */
const configTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  'application/octet-stream',
  '',
]);

/**
 * `foreign`: the bytes may be at the descriptor's `urls` only (non-distributable layers);
 * `encrypted`: they cannot be read; `other`: not a layer of a file system by its name, so that its
 * bytes decide.
 */
export type LayerClass = 'layer' | 'foreign' | 'encrypted' | 'other';

export function layerClass(mediaType: string): LayerClass {
  if (/\+encrypted\b/.test(mediaType)) return 'encrypted';
  if (mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.v1.tar')) {
    return 'foreign';
  }
  if (mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.diff.tar')) {
    return 'foreign';
  }
  if (mediaType.startsWith('application/vnd.oci.image.layer.v1.tar')) return 'layer';
  if (mediaType.startsWith('application/vnd.docker.image.rootfs.diff.tar')) return 'layer';
  return 'other';
}

/** Statements about an image, which some clients push under the configuration of an image. */
const statementTypes: ReadonlySet<string> = new Set([
  'application/vnd.in-toto+json',
  'application/vnd.dsse.envelope.v1+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/spdx+json',
  'text/spdx',
  'text/spdx+json',
  'application/vnd.cyclonedx',
  'application/vnd.cyclonedx+json',
  'application/vnd.cyclonedx+xml',
  'application/vnd.syft+json',
]);

const emptyConfig = 'application/vnd.oci.empty.v1+json';

/**
 * What a manifest holds when it is no image: a chart, a module, a signature, a list of packages.
 * Undefined for an image. One that engines would run is an image, whatever it calls itself.
 */
export function artifactType(manifest: ManifestTypes): string | undefined {
  const { config, layers } = manifest;
  const [first] = layers;
  if (first !== undefined && layers.every(({ mediaType }) => statementTypes.has(mediaType))) {
    return first.mediaType;
  }
  if (configTypes.has(config.mediaType)) return undefined;
  if (manifest.artifactType !== undefined) return manifest.artifactType;
  return config.mediaType === emptyConfig ? (first?.mediaType ?? emptyConfig) : config.mediaType;
}

interface ManifestTypes {
  readonly config: { readonly mediaType: string };
  readonly layers: readonly { readonly mediaType: string }[];
  readonly artifactType?: string;
}

interface Marked {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** The attestation of another child of an index, as BuildKit marks it. */
export function isAttestation({ annotations, platform }: Marked): boolean {
  // An image for a real platform is run by engines, whatever its annotations say.
  if (platform !== undefined)
    return platform.os === 'unknown' && platform.architecture === 'unknown';
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}
