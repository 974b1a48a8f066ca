/**
 * Manifests of the registry behind the gate. A tag is resolved by a HEAD request, so that pulls of
 * a known image do not count as pulls at registries with such limits, and its content is asked for
 * by the digest: what is judged is what is answered, wherever the tag moves meanwhile.
 */
import { ociLimits, parseDigest, sha256Digest, verifyDigest, type SourceError } from '@lazaret/oci';
import { manifestAccept, type RegistryClient } from '@lazaret/oci/registry';

import { gateLimits } from './limits.ts';
import { RecentMap } from './recent-map.ts';
import type { Upstream } from './upstreams.ts';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface ManifestQuery {
  /** A tag or a digest. */
  readonly selector: string;
  /** As the client sent it: some registries select or convert by it. */
  readonly accept: string | undefined;
  readonly signal: AbortSignal;
}

export class ManifestReader {
  /** By repository and digest. */
  readonly #cache = new RecentMap<string, StoredManifest>(
    gateLimits.manifestCacheBytes,
    ({ bytes }) => bytes.length + entryBytes,
  );

  /** Throws SourceError. */
  async read(upstream: Upstream, query: ManifestQuery): Promise<StoredManifest> {
    const { client } = upstream;
    const digest = await client.repeat(() => resolve(upstream, query), query.signal);
    const cached = digest === undefined ? undefined : this.#cache.get(keyOf(upstream, digest));
    if (cached !== undefined) return cached;
    const found = await fetchManifest(upstream, { ...query, selector: digest ?? query.selector });
    this.#cache.set(keyOf(upstream, found.digest), found);
    return found;
  }
}

const entryBytes = 500;

function keyOf({ registry, repository }: Upstream, digest: string): string {
  return `${registry.id} ${repository} ${digest}`;
}

/** The digest of the selector now; undefined when the registry does not say it for HEAD. */
async function resolve(
  upstream: Upstream,
  { selector, accept, signal }: ManifestQuery,
): Promise<string | undefined> {
  const { client } = upstream;
  const request = { ...describe(upstream, selector, accept), method: 'HEAD', signal } as const;
  const answer = await client.send(request);
  answer.drop();
  const { status } = answer;
  if (status === 405 || status === 501) return undefined;
  if (status !== 200) throw await refuse(client, answer, request.what);
  if (parseDigest(selector) !== undefined) return selector;
  const digest = answer.header('docker-content-digest')[0];
  return digest === undefined || parseDigest(digest) === undefined ? undefined : digest;
}

async function fetchManifest(
  upstream: Upstream,
  { selector, accept, signal }: ManifestQuery,
): Promise<StoredManifest> {
  const request = { ...describe(upstream, selector, accept), signal };
  const size = { maxBytes: ociLimits.manifestBytesMax };
  const answer = await upstream.client.read(request, size);
  const { bytes } = answer;
  const isPinned = parseDigest(selector) !== undefined;
  if (isPinned) verifyDigest(bytes, selector, request.what);
  return {
    digest: isPinned ? selector : sha256Digest(bytes),
    mediaType: answer.header('content-type') ?? 'application/octet-stream',
    bytes,
  };
}

function describe({ registry, repository }: Upstream, selector: string, accept?: string) {
  const separator = selector.includes(':') ? '@' : ':';
  return {
    path: `/v2/${repository}/manifests/${selector}`,
    repository,
    what: `the manifest ${repository}${separator}${selector} at ${registry.address}`,
    headers: { accept: isSpecific(accept) ? accept : manifestAccept },
  };
}

/** Without types some registries answer an old format, or that nothing is there. */
function isSpecific(accept: string | undefined): accept is string {
  return accept !== undefined && accept.trim() !== '' && accept.trim() !== '*/*';
}

/** The body of a response to HEAD is empty, so that only the status is known. */
async function refuse(
  client: RegistryClient,
  answer: Parameters<RegistryClient['refuse']>[0],
  what: string,
): Promise<SourceError> {
  return client.refuse({ ...answer, body: noBody() }, what);
}

async function* noBody(): AsyncGenerator<Uint8Array> {
  // Nothing to read.
}
