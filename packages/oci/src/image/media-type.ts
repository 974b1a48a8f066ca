/** Media types of images and how each is read. */
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
  /** The document kind by media type. */
  documents: new Map([
    [ociIndex, 'index'],
    [dockerIndex, 'index'],
    [ociManifest, 'manifest'],
    [dockerManifest, 'manifest'],
  ]),
};

/** Early Docker clients wrote octet-stream; some tools write nothing. */
const configTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  'application/octet-stream',
  '',
]);

/**
 * `foreign`: the bytes may only be available at the descriptor's `urls` (non-distributable layers);
 * `encrypted`: unreadable; `other`: not a file system layer by media type, so the content decides.
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

/** Attestations and SBOMs, which some clients push with an image configuration. */
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
 * The type of an artifact that is not an image: a chart, a module, a signature, an SBOM. Undefined
 * for an image. A manifest that container engines would run is an image, whatever its declared
 * type.
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

/** Whether a child of an index is an attestation, as BuildKit marks it. */
export function isAttestation({ annotations, platform }: Marked): boolean {
  // Container engines run an image for a real platform, whatever its annotations say.
  if (platform !== undefined)
    return platform.os === 'unknown' && platform.architecture === 'unknown';
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}
