/**
 * OCI images: references, documents, platforms and the model of image sources. Loads no HTTP
 * client; clients of registries are in `@lazaret/oci/registry`.
 */

// Names of images and content.
export { parseDigest, sha256Digest, verifyDigest } from './reference/digest.ts';
export { formatReference, isRepository, isTag, parseReference } from './reference/reference.ts';
export type { RegistryReference } from './reference/reference.ts';

// Manifests, indexes, configurations and artifacts.
export { assembleArtifact } from './image/artifact.ts';
export type { ArtifactPlace } from './image/artifact.ts';
export { layerDiffIds, parseImageConfig } from './image/image-config.ts';
export { embeddedBytes, parseIndex, parseManifest } from './image/manifest.ts';
export type { Descriptor, Index, Manifest } from './image/manifest.ts';
export { artifactType, isAttestation, layerClass, mediaTypes } from './image/media-type.ts';

// Platforms and the selection among them.
export { checkPlatform, selectPlatforms } from './image/select-platforms.ts';
export type { PlatformQuestion } from './image/select-platforms.ts';

// The model of image sources, local or remote, and their errors.
export type {
  BlobFile,
  ImageListing,
  ImageSource,
  PlatformChoice,
  SourceImage,
  SourceLayer,
} from './image/image-source.ts';
export { SourceError, TransientError } from './source-error.ts';
export type { SourceErrorCode, SourceRemedy } from './source-error.ts';

// State that a program shares among registry clients: the address policy and rate limits.
export { addressOf, isLoopback, isPrivateAddress } from './registry/http/address-policy.ts';
export { SharedRates } from './registry/http/request-rate.ts';
export type { RegistryRates } from './registry/http/request-rate.ts';

// Untrusted input: JSON and paths.
export { ociLimits } from './limits.ts';
export { baseName, bytePath, joinPath, normalizePath, parentPath } from './untrusted/tree-path.ts';
export {
  isRecord,
  parseUntrustedJson,
  parseUntrustedObject,
  refuseCaseVariants,
} from './untrusted/untrusted-json.ts';
