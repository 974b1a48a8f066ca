/** Clients of registries. Loads an HTTP client: import it lazily where start-up time matters. */
export { openCredentials } from './credential-sources.ts';
export { headManifest, listReferrers, listRepositories, listTags } from './list-pages.ts';
export { RegistryClient } from './registry-client.ts';
export { openRegistryClient, openRegistrySource } from './registry-source.ts';
