/** In-memory storage of a registry: blobs, and repositories with manifests and tags. */
import { createHash } from 'node:crypto';

export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

export interface StoredRepository {
  readonly manifests: Map<string, StoredManifest>;
  /** Digests by tag. */
  readonly tags: Map<string, string>;
}

/** A manifest with everything that it refers to, such as a built image or index. */
export interface StorableImage {
  readonly descriptor: { readonly digest: string; readonly mediaType: string };
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

export class RegistryStore {
  readonly blobs = new Map<string, Buffer>();
  readonly repositories = new Map<string, StoredRepository>();

  repository(name: string): StoredRepository {
    const known = this.repositories.get(name) ?? { manifests: new Map(), tags: new Map() };
    this.repositories.set(name, known);
    return known;
  }

  putBlob(bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    this.blobs.set(digest, Buffer.from(bytes));
    return digest;
  }

  /** Stores a manifest by digest, and by tag when the reference is one. */
  putManifest(name: string, reference: string, manifest: StoredManifest): string {
    const { manifests, tags } = this.repository(name);
    const digest = reference.includes(':') ? reference : digestOf(manifest.bytes);
    manifests.set(digest, manifest);
    if (!reference.includes(':')) tags.set(reference, digest);
    return digest;
  }

  /** Stores an image or index with all its content under a tag. */
  putImage(name: string, tag: string, image: StorableImage): void {
    for (const [digest, bytes] of image.blobs) {
      const stored = Buffer.from(bytes);
      const mediaType = manifestType(stored);
      if (mediaType === undefined) this.blobs.set(digest, stored);
      else this.putManifest(name, digest, { bytes: stored, mediaType });
    }
    this.repository(name).tags.set(tag, image.descriptor.digest);
  }

  find(
    name: string,
    reference: string,
  ): (StoredManifest & { readonly digest: string }) | undefined {
    const repository = this.repositories.get(name);
    const digest = reference.includes(':') ? reference : repository?.tags.get(reference);
    const manifest = digest === undefined ? undefined : repository?.manifests.get(digest);
    return manifest === undefined || digest === undefined ? undefined : { ...manifest, digest };
  }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The media type of a manifest; undefined for other content. */
export function manifestType(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x7b || bytes.length > 8 * 1024 * 1024) return undefined;
  try {
    const { schemaVersion, mediaType, manifests, config, fsLayers } = JSON.parse(
      bytes.toString('utf8'),
    ) as Record<string, unknown>;
    if (fsLayers !== undefined) return 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    if (schemaVersion !== 2) return undefined;
    if (typeof mediaType === 'string') return mediaType;
    if (manifests !== undefined) return 'application/vnd.oci.image.index.v1+json';
    return config === undefined ? undefined : 'application/vnd.oci.image.manifest.v1+json';
  } catch {
    return undefined;
  }
}
