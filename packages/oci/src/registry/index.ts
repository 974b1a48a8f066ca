/** Registry clients. Loads an HTTP client: import it lazily where start-up time matters. */
export { openCredentials } from './auth/credential-sources.ts';
export type { CredentialOptions } from './auth/credential-sources.ts';
export type { Credential, CredentialQuery, CredentialSource } from './auth/credential.ts';
export type { Clock } from './http/clock.ts';
export type { ProxySettings } from './http/proxy.ts';
export { resolveHost, type Lookup } from './http/public-lookup.ts';
export { retryAfterMs } from './http/retry.ts';
export { createTlsContext } from './http/certificates.ts';
export { PrivateAddressError, PrivateHostError } from './http/failure.ts';
export { createTransport } from './http/transport.ts';
export type { Answer } from './http/answer.ts';
export type { NetworkOptions, Transport } from './http/transport.ts';
export {
  headManifest,
  listReferrers,
  listRepositories,
  listTagDigests,
  listTags,
  referrersTag,
} from './list-pages.ts';
export type { RequestKind } from './http/request-rate.ts';
export type { ListOptions, ManifestHead, Referrer, TagDigests } from './list-pages.ts';
export { nextLink } from './link-header.ts';
export { manifestAccept } from './read-manifest.ts';
export { listProductRepositories, productApiNames } from './product-lists.ts';
export type { ProductApiName } from './product-lists.ts';
export { probeApi, probeDeletion, probeReferrers } from './probe.ts';
export { pushBlob } from './push-blob.ts';
export type { BlobPushResult, BlobUpload } from './push-blob.ts';
export { deleteManifest, hasManifest, isManifestUnknown, pushManifest } from './push-manifest.ts';
export type { DeletionResult, ManifestUpload, PushedManifest } from './push-manifest.ts';
export { pushReferrer } from './push-referrer.ts';
export type { PushedReferrer, ReferrerUpload } from './push-referrer.ts';
export { hasBlob, readBlob } from './registry-blob.ts';
export type { RegistryBlob } from './registry-blob.ts';
export { readManifest } from './read-manifest.ts';
export type { FetchedManifest, ManifestRequest } from './read-manifest.ts';
export { readCreated } from './read-created.ts';
export { RegistryClient } from './registry-client.ts';
export type { RegistryAnswer } from './registry-client.ts';
export { openRegistryClient, openRegistrySource } from './registry-source.ts';
export type { RegistryOptions, RegistrySourceOptions } from './registry-source.ts';
