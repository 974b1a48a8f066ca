/**
 * Everything in a repository that belongs to a digest: its tags, the indexes that contain it, its
 * children, referrers by the API, by the fallback tag and by cosign's tags, and all their blobs.
 * What is incomplete is an error: a half-read image must never look like one without signatures.
 */
import { layerClass, SourceError, type Descriptor, type Index, type Manifest } from '@lazaret/oci';
import {
  hasBlob,
  listReferrers,
  readManifest,
  referrersTag,
  type RegistryClient,
} from '@lazaret/oci/registry';
import type { ContentRole } from '@lazaret/protocol';

import { actionLimits } from './limits.ts';
import { isNotFound, readTagDigests } from './read-tags.ts';

export interface ClosureManifest {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly document: Manifest | Index;
  readonly role: ContentRole;
  /** Distance from the top of its index. */
  readonly depth: number;
  readonly tags: readonly string[];
}

export interface ClosureBlob {
  readonly digest: string;
  readonly role: 'config' | 'layer';
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export interface Closure {
  readonly root: ClosureManifest;
  /** With the root: each digest once. */
  readonly manifests: readonly ClosureManifest[];
  readonly blobs: readonly ClosureBlob[];
  /** Of the whole repository. */
  readonly tagDigests: ReadonlyMap<string, string>;
  /** The indexes that name a manifest, among those with a tag and those inside them. */
  readonly parentsOf: ReadonlyMap<string, readonly string[]>;
  /** Manifests of indexes that the registry does not have. */
  readonly missing: readonly string[];
}

export interface ClosureRequest {
  readonly repository: string;
  readonly digest: string;
  readonly signal: AbortSignal;
}

/** Throws SourceError; `not_found` when the digest is not in the repository. */
export async function readClosure(
  client: RegistryClient,
  request: ClosureRequest,
): Promise<Closure> {
  return new ClosureReader(client, request).read();
}

type Found = Pick<ClosureManifest, 'digest' | 'bytes' | 'document'>;

class ClosureReader {
  readonly #client: RegistryClient;
  readonly #request: ClosureRequest;
  readonly #read = new Map<string, Promise<Found | undefined>>();
  readonly #manifests = new Map<string, ClosureManifest>();
  readonly #missing = new Set<string>();
  readonly #parentsOf = new Map<string, string[]>();
  #tagDigests: ReadonlyMap<string, string> = new Map();

  constructor(client: RegistryClient, request: ClosureRequest) {
    this.#client = client;
    this.#request = request;
  }

  async read(): Promise<Closure> {
    const { repository, digest, signal } = this.#request;
    const top = await this.#fetch(digest);
    if (top === undefined) {
      const place = `${repository} at ${this.#client.host}`;
      throw new SourceError('not_found', `${place} has no manifest ${digest}`);
    }
    this.#tagDigests = await readTagDigests(this.#client, repository, signal);
    await this.#findParents();
    const root = this.#add(top, top.document.kind === 'index' ? 'index' : 'image', 0);
    await this.#addChildren(root);
    for (const parent of this.#ancestorsOf(digest)) {
      const found = await this.#fetch(parent);
      if (found !== undefined) await this.#addChildren(this.#add(found, 'parent', 0));
    }
    for (const one of [...this.#manifests.values()]) await this.#addReferrers(one);
    return {
      root,
      manifests: [...this.#manifests.values()],
      blobs: await this.#findBlobs(),
      tagDigests: this.#tagDigests,
      parentsOf: this.#parentsOf,
      missing: [...this.#missing],
    };
  }

  /** The indexes that contain a manifest, directly or through other indexes. */
  #ancestorsOf(digest: string): Set<string> {
    const found = new Set<string>();
    const pending = [digest];
    for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
      for (const parent of this.#parentsOf.get(one) ?? []) {
        if (found.has(parent) || parent === digest) continue;
        found.add(parent);
        pending.push(parent);
      }
    }
    return found;
  }

  /** Undefined when the registry does not have it. */
  #fetch(digest: string, descriptor?: Descriptor): Promise<Found | undefined> {
    const known = this.#read.get(digest);
    if (known !== undefined) return known;
    const { repository, signal } = this.#request;
    // The embedded content of a descriptor may not be in the registry: it is always requested.
    const { data: _, ...plain } = descriptor ?? {};
    const about = descriptor === undefined ? {} : { descriptor: plain as Descriptor };
    const request = { repository, selector: digest, ...about, signal };
    const found = readManifest(this.#client, request).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    this.#read.set(digest, found);
    return found;
  }

  #add({ digest, bytes, document }: Found, role: ContentRole, depth: number): ClosureManifest {
    const known = this.#manifests.get(digest);
    if (known !== undefined) return known;
    if (this.#manifests.size >= actionLimits.manifests) {
      const what = `${this.#request.repository}@${this.#request.digest}`;
      const limit = `(limit ${actionLimits.manifests})`;
      throw new SourceError('too_large', `${what} has too many manifests and referrers ${limit}`);
    }
    const found = [...this.#tagDigests].filter(([, points]) => points === digest);
    const tags = found.map(([tag]) => tag).toSorted();
    const added = { digest, bytes, document, role, depth, tags };
    this.#manifests.set(digest, added);
    return added;
  }

  async #addChildren({ document, depth }: ClosureManifest): Promise<void> {
    if (document.kind !== 'index') return;
    this.#checkIndex(document, depth);
    for (const child of document.children) {
      const found = await this.#fetch(child.digest, child);
      if (found === undefined) this.#missing.add(child.digest);
      else if (!this.#manifests.has(child.digest)) {
        await this.#addChildren(this.#add(found, 'child', depth + 1));
      }
    }
  }

  #checkIndex({ omitted }: Index, depth: number): void {
    const { repository, digest } = this.#request;
    if (omitted === 0 && depth < actionLimits.indexDepth) return;
    const reason = omitted > 0 ? 'has too many manifests' : 'is nested too deeply';
    throw new SourceError('too_large', `an index of ${repository}@${digest} ${reason}`);
  }

  /** Reads every index that has a tag, and the indexes inside. */
  async #findParents(): Promise<void> {
    const referrerTag = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64})/;
    const tagged = [...this.#tagDigests].filter(([tag]) => !referrerTag.test(tag));
    const seen = new Set<string>();
    for (const digest of new Set(tagged.map(([, points]) => points))) {
      await this.#findParentsIn(digest, seen, 0);
    }
  }

  async #findParentsIn(digest: string, seen: Set<string>, depth: number): Promise<void> {
    if (seen.has(digest)) return;
    seen.add(digest);
    const { document } = (await this.#fetchTagged(digest)) ?? {};
    if (document?.kind !== 'index') return;
    this.#checkIndex(document, depth);
    for (const { digest: child, mediaType } of document.children) {
      const parents = this.#parentsOf.get(child) ?? [];
      if (!parents.includes(digest)) this.#parentsOf.set(child, [...parents, digest]);
      if (/index|manifest\.list/.test(mediaType)) {
        await this.#findParentsIn(child, seen, depth + 1);
      }
    }
  }

  /** What this program cannot read under another tag is not taken for an index of the image. */
  async #fetchTagged(digest: string): Promise<Found | undefined> {
    try {
      return await this.#fetch(digest);
    } catch (error) {
      const isOther =
        error instanceof SourceError && ['unsupported', 'damaged'].includes(error.code);
      if (isOther && digest !== this.#request.digest) return undefined;
      throw error;
    }
  }

  /** And the referrers of referrers, such as the signature of an SBOM. */
  async #addReferrers({ digest }: ClosureManifest): Promise<void> {
    const { repository, signal } = this.#request;
    const listed = await listReferrers(this.#client, { repository, digest }, { signal });
    const tag = referrersTag(digest);
    const index = this.#tagDigests.get(tag);
    const named = ['sig', 'att', 'sbom'].flatMap(
      (suffix) => this.#tagDigests.get(`${tag}.${suffix}`) ?? [],
    );
    for (const one of [...listed.map((referrer) => referrer.digest), ...named]) {
      const found = await this.#fetch(one);
      // A list may name what was deleted.
      if (found === undefined || this.#manifests.has(one)) continue;
      const added = this.#add(found, 'referrer', 0);
      await this.#addChildren(added);
      await this.#addReferrers(added);
    }
    const found = index === undefined ? undefined : await this.#fetch(index);
    if (found !== undefined) this.#add(found, 'referrers-index', 0);
  }

  async #findBlobs(): Promise<ClosureBlob[]> {
    const found = new Map<string, ClosureBlob>();
    for (const { document } of this.#manifests.values()) {
      if (document.kind === 'index') continue;
      const { config, layers } = document;
      for (const [role, all] of [['config', [config]] as const, ['layer', layers] as const]) {
        for (const blob of all) {
          const { digest, mediaType, sizeBytes } = blob;
          if (found.has(digest) || (await this.#isElsewhere(blob))) continue;
          found.set(digest, { digest, role, mediaType, sizeBytes });
        }
      }
    }
    return [...found.values()];
  }

  /** A foreign layer that the registry does not have: there is nothing to store or to restore. */
  async #isElsewhere({ mediaType, urls, digest }: Descriptor): Promise<boolean> {
    if (layerClass(mediaType) !== 'foreign' && urls === undefined) return false;
    const { repository, signal } = this.#request;
    return !(await hasBlob(this.#client, { repository, digest, signal }));
  }
}
