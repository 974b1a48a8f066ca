/**
 * Lists of a registry: tags, repositories, referrers. A list is complete or an error: a failed page
 * must never look like deleted items.
 */
import { limits } from '@lazaret/protocol';
import { z } from 'zod';

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';
import { parseDigest } from '../reference/digest.ts';
import { type Descriptor, type Index, type Manifest, parseManifest } from '../image/manifest.ts';
import { nextLink } from './link-header.ts';
import { manifestAccept, readManifest } from './read-manifest.ts';
import { isRepository, isTag } from '../reference/reference.ts';
import type { RegistryClient, WholeAnswer } from './registry-client.ts';

export interface ListOptions {
  /** Items to request per page; the registry may return fewer. */
  readonly pageItems?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * All tags in the order of the registry, without invalid names. Throws SourceError instead of
 * returning a partial list.
 */
export async function listTags(
  client: RegistryClient,
  repository: string,
  options: ListOptions = {},
): Promise<readonly string[]> {
  checkNames(repository);
  return listNames(client, {
    ...options,
    path: `/v2/${repository}/tags/list`,
    repository,
    what: `the tags of ${repository} at ${client.host}`,
    read: (bytes) => tagsShape.parse(JSON.parse(bytes)).tags ?? [],
    accept: isTag,
  });
}

export interface TagDigests {
  readonly tags: readonly string[];
  /** Of the tags whose digests the list itself contains, which spares a request for each. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * All tags, with their digests where the registry lists them, as Google's registries do in the
 * member `manifest`. Throws SourceError instead of returning a partial list.
 */
export async function listTagDigests(
  client: RegistryClient,
  repository: string,
  options: ListOptions = {},
): Promise<TagDigests> {
  checkNames(repository);
  const digests = new Map<string, string>();
  const tags = await listNames(client, {
    ...options,
    path: `/v2/${repository}/tags/list`,
    repository,
    what: `the tags of ${repository} at ${client.host}`,
    read: (bytes) => {
      const page = digestsShape.parse(JSON.parse(bytes));
      for (const [digest, { tag }] of Object.entries(page.manifest ?? {})) {
        if (parseDigest(digest) === undefined) continue;
        for (const name of tag) digests.set(name, digest);
      }
      return page.tags ?? [];
    },
    accept: isTag,
  });
  return { tags, digests };
}

/**
 * All repositories of the catalog, which many registries disable; a repository may exist without
 * being listed.
 */
export async function listRepositories(
  client: RegistryClient,
  options: ListOptions = {},
): Promise<readonly string[]> {
  return listNames(client, {
    ...options,
    path: '/v2/_catalog',
    repository: '',
    what: `the catalog of ${client.host}`,
    read: (bytes) => catalogShape.parse(JSON.parse(bytes)).repositories ?? [],
    accept: isRepository,
  });
}

export interface Referrer extends Descriptor {
  /** Found through the fallback tag, because the registry has no referrers API. */
  readonly fallback: boolean;
}

/** Manifests that refer to a manifest: signatures, SBOMs, attestations. May be empty. */
export async function listReferrers(
  client: RegistryClient,
  subject: { readonly repository: string; readonly digest: string },
  options: { readonly artifactType?: string; readonly signal?: AbortSignal } = {},
): Promise<readonly Referrer[]> {
  const { repository, digest } = subject;
  const { artifactType, signal } = options;
  checkNames(repository, digest);
  const query =
    artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const what = `the referrers of ${repository}@${digest} at ${client.host}`;
  const found: Referrer[] = [];
  let hasApi = false;
  try {
    const request = { path: `/v2/${repository}/referrers/${digest}${query}`, repository, what };
    for await (const page of pages(client, { ...request, signal })) {
      hasApi = true;
      const index = readReferrers(page.bytes, what);
      found.push(...index.map((one) => ({ ...one, fallback: false })));
    }
  } catch (error) {
    const isMissing = error instanceof SourceError && error.code === 'not_found';
    if (hasApi || !isMissing) throw error;
    found.push(...(await readFallback(client, { ...subject, signal })));
  }
  // Registries may ignore the filter.
  return found.filter((one) => artifactType === undefined || one.artifactType === artifactType);
}

export interface ManifestHead {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number | undefined;
}

/**
 * The current digest of a tag, with HEAD where possible; the manifest is read when the headers are
 * incomplete.
 */
export async function headManifest(
  client: RegistryClient,
  request: {
    readonly repository: string;
    readonly selector: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ManifestHead> {
  const { repository, selector, signal } = request;
  checkNames(repository, selector);
  const path = `/v2/${repository}/manifests/${selector}`;
  const what = `the manifest ${repository}:${selector} at ${client.host}`;
  const headers = { accept: manifestAccept };
  const answer = await client.repeat(async () => {
    const head = await client.send({ method: 'HEAD', path, repository, what, headers, signal });
    head.drop();
    if (head.status >= 400 && head.status !== 405) throw await client.refuse(head, what);
    return head;
  }, signal);
  const digest = answer.header('docker-content-digest')[0];
  const length = answer.header('content-length')[0];
  if (answer.status === 200 && digest !== undefined && parseDigest(digest) !== undefined) {
    return {
      digest,
      mediaType: answer.header('content-type')[0] ?? '',
      sizeBytes: length === undefined ? undefined : Number(length),
    };
  }
  const fetched = await readManifest(client, { repository, selector, signal });
  const { document, bytes } = fetched;
  return { digest: fetched.digest, mediaType: document.mediaType, sizeBytes: bytes.length };
}

/** Names may be untrusted and become part of a URL path. */
function checkNames(repository: string, selector?: string): void {
  if (!isRepository(repository)) {
    throw new SourceError('unsupported', `invalid repository name "${repository.slice(0, 80)}"`);
  }
  if (selector === undefined || isTag(selector) || parseDigest(selector) !== undefined) return;
  throw new SourceError('unsupported', `invalid tag or digest "${selector.slice(0, 80)}"`);
}

const tagsShape = z.object({ tags: z.array(z.string()).nullish() });
const digestsShape = tagsShape.extend({
  manifest: z.record(z.string(), z.object({ tag: z.array(z.string()).default([]) })).nullish(),
});
const catalogShape = z.object({ repositories: z.array(z.string()).nullish() });

interface NameListing extends ListOptions {
  readonly path: string;
  readonly repository: string;
  readonly what: string;
  /** Throws any error when the page is malformed. */
  read(text: string): readonly string[];
  accept(name: string): boolean;
}

async function listNames(client: RegistryClient, listing: NameListing): Promise<readonly string[]> {
  const { path, what, pageItems = limits.pageItemsMax, read, accept, signal } = listing;
  const found = new Set<string>();
  let next: string | undefined = `${path}?n=${pageItems}`;
  while (next !== undefined) {
    const request = { ...listing, path: next, signal };
    next = undefined;
    let last: WholeAnswer | undefined;
    let names: readonly string[] = [];
    let isNew = true;
    for await (const page of pages(client, request)) {
      names = readNames(page.bytes, what, read);
      const before = found.size;
      for (const name of names) if (accept(name)) found.add(name);
      isNew = found.size > before;
      last = page;
      if (found.size > ociLimits.registryListItems) {
        throw new SourceError(
          'too_large',
          `${what}: more than ${ociLimits.registryListItems} items`,
        );
      }
    }
    // A full page without a link: the registry only supports `last`, or this is the last page.
    const isFull = last !== undefined && names.length === pageItems && isNew;
    const from = names.at(-1);
    if (isFull && from !== undefined) {
      next = `${path}?n=${pageItems}&last=${encodeURIComponent(from)}`;
    }
  }
  return [...found];
}

function readNames(
  bytes: Buffer,
  what: string,
  read: (text: string) => readonly string[],
): readonly string[] {
  try {
    return read(bytes.toString('utf8'));
  } catch {
    throw new SourceError('damaged', `${what}: malformed page`);
  }
}

interface PageRequest {
  readonly path: string;
  readonly repository: string;
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** Follows `Link` headers; a cycle of links is an error and not the end. */
async function* pages(client: RegistryClient, request: PageRequest): AsyncGenerator<WholeAnswer> {
  const { repository, what, signal } = request;
  const seen = new Set<string>();
  let path: string | undefined = request.path;
  while (path !== undefined) {
    const url = await client.resolve(path);
    if (seen.has(url.href) || seen.size >= ociLimits.registryPages) {
      throw new SourceError('damaged', `${what}: too many pages or a cycle of links`);
    }
    seen.add(url.href);
    const whole = { path: `${url.pathname}${url.search}`, repository, what, signal };
    const page = await client.read(whole, { maxBytes: ociLimits.registryPageBytes });
    yield page;
    const link = nextLink(page.headers('link'));
    if (link === null) throw new SourceError('damaged', `${what}: invalid Link header`);
    path = link === undefined ? undefined : (await client.resolve(link, url.pathname)).href;
  }
}

function readReferrers(bytes: Buffer, what: string): readonly Descriptor[] {
  return wholeIndex(parseManifest(bytes), what);
}

function wholeIndex(document: Index | Manifest, what: string): readonly Descriptor[] {
  if (document.kind !== 'index')
    throw new SourceError('damaged', `${what}: expected an index, got a manifest`);
  if (document.omitted === 0) return document.children;
  throw new SourceError('too_large', `${what}: ${document.omitted} items exceed the limit`);
}

/** The referrers tag schema: an index tagged `<algorithm>-<hex>`, truncated as specified. */
export function referrersTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

async function readFallback(
  client: RegistryClient,
  subject: { repository: string; digest: string; signal?: AbortSignal | undefined },
): Promise<readonly Referrer[]> {
  const selector = referrersTag(subject.digest);
  try {
    const { document } = await readManifest(client, { ...subject, selector });
    return wholeIndex(document, selector).map((one) => ({ ...one, fallback: true }));
  } catch (error) {
    if (error instanceof SourceError && error.code === 'not_found') return [];
    throw error;
  }
}
