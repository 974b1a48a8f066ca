/** OCI images: references, manifests, platforms, where images come from. Loads no HTTP client. */
export { assembleArtifact } from './artifact.ts';
export type { ArtifactPlace } from './artifact.ts';
export { parseDigest, sha256Digest, verifyDigest } from './digest.ts';
export { layerDiffIds, parseImageConfig } from './image-config.ts';
export { SourceError } from './image-source.ts';
export type {
  BlobFile,
  ImageListing,
  ImageSource,
  PlatformChoice,
  SourceErrorCode,
  SourceImage,
  SourceLayer,
  SourceRemedy,
} from './image-source.ts';
export { embeddedBytes, parseIndex, parseManifest } from './manifest.ts';
export type { Descriptor, Index, Manifest } from './manifest.ts';
export { artifactType, layerClass, mediaTypes } from './media-type.ts';
export { formatReference, isTag, parseReference } from './reference.ts';
export type { RegistryReference } from './reference.ts';
export { addressOf, isPrivateAddress, isLoopback } from './registry/address-policy.ts';
export type { Clock } from './registry/clock.ts';
export type { CredentialOptions } from './registry/credential-sources.ts';
export type { Credential, CredentialQuery, CredentialSource } from './registry/credential.ts';
export { TransientError } from './registry/failure.ts';
export type { ListOptions, ManifestHead, Referrer } from './registry/list-pages.ts';
export type { ProxySettings } from './registry/proxy.ts';
export type { RegistryOptions, RegistrySourceOptions } from './registry/registry-source.ts';
export { SharedRates } from './registry/request-rate.ts';
export type { RateWindow, RegistryRates } from './registry/request-rate.ts';
export type { Lookup, NetworkOptions } from './registry/transport.ts';
export { checkPlatform, selectPlatforms } from './select-platforms.ts';
export type { PlatformQuestion } from './select-platforms.ts';
export { baseName, bytePath, joinPath, normalizePath, parentPath } from './tree-path.ts';
export {
  isRecord,
  parseUntrustedJson,
  parseUntrustedObject,
  refuseCaseVariants,
} from './untrusted-json.ts';
