/** The door of the registry source. */
export type { Clock } from './clock.ts';
export type { Credential, CredentialQuery, CredentialSource } from './credential.ts';
export { openCredentials } from './credential-sources.ts';
export type { CredentialOptions } from './credential-sources.ts';
export { headManifest, listReferrers, listRepositories, listTags } from './list-pages.ts';
export type { ListOptions, ManifestHead, Referrer } from './list-pages.ts';
export type { ProxySettings } from './proxy.ts';
export { isTag, parseReference } from './reference.ts';
export type { RegistryReference } from './reference.ts';
export { RegistryClient } from './registry-client.ts';
export { openRegistryClient, openRegistrySource } from './registry-source.ts';
export type { RegistryOptions, RegistrySourceOptions } from './registry-source.ts';
export { SharedRates } from './request-rate.ts';
export type { RateWindow, RegistryRates } from './request-rate.ts';
export type { Lookup, NetworkOptions } from './transport.ts';
