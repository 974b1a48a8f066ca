/**
 * Pushes stored content to a repository: what it lacks, blobs before manifests, and tags last. The
 * bytes are those of the store, verified while they are read.
 */
import { hasManifest, pushBlob, pushManifest, type RegistryClient } from '@lazaret/oci/registry';

import type { BlobStore } from '../blobs/index.ts';
import { ActionError } from './action-problem.ts';
import type { ContentRow } from './evidence.ts';
import { readTag } from './read-tags.ts';

export interface RestoreParts {
  readonly client: RegistryClient;
  readonly blobs: BlobStore;
  /** Where to. */
  readonly repository: string;
  /** A repository of the same registry that may have the blobs. */
  readonly mountFrom?: string | undefined;
  readonly signal: AbortSignal;
}

export interface RestoreCounts {
  readonly blobs: number;
  readonly manifests: number;
}

/** Pushes everything but tags; answers what was missing. */
export async function restoreContents(
  contents: readonly ContentRow[],
  parts: RestoreParts,
): Promise<RestoreCounts> {
  const { client, repository, mountFrom, signal } = parts;
  let blobs = 0;
  let manifests = 0;
  for (const row of contents) {
    signal.throwIfAborted();
    const { digest, size_bytes: sizeBytes, media_type: mediaType } = row;
    if (row.kind === 'blob') {
      const open = (start: number, end: number) => readStored(row, { ...parts, start, end });
      const result = await pushBlob(client, {
        ...{ repository, digest, sizeBytes, mountFrom, signal, open },
      });
      if (result !== 'existed') blobs += 1;
    } else if (!(await hasManifest(client, { repository, selector: digest, signal }))) {
      const bytes = await readManifestBytes(row, parts.blobs);
      await pushManifest(client, { repository, selector: digest, bytes, mediaType, signal });
      manifests += 1;
    }
  }
  return { blobs, manifests };
}

/**
 * Points tags to their digests again. Throws ActionError when one points elsewhere and may not be
 * moved; tags before it are in place then.
 */
export async function restoreTags(
  contents: readonly ContentRow[],
  overwrite: ReadonlySet<string>,
  parts: RestoreParts,
): Promise<number> {
  const { client, repository, signal } = parts;
  let moved = 0;
  for (const row of contents.filter(({ kind }) => kind === 'manifest')) {
    for (const tag of row.tags) {
      const now = await readTag(client, { repository, tag, signal });
      if (now === row.digest) continue;
      if (now !== undefined && !overwrite.has(tag)) throw movedTag(repository, tag, now);
      const bytes = await readManifestBytes(row, parts.blobs);
      const upload = { repository, selector: tag, bytes, mediaType: row.media_type, signal };
      await pushManifest(client, upload);
      moved += 1;
    }
  }
  return moved;
}

function movedTag(repository: string, tag: string, digest: string): ActionError {
  return new ActionError(
    'tag_moved',
    `the tag ${repository}:${tag} points to ${digest} now and was not moved; ` +
      'release the image again and name the tag in overwrite',
  );
}

/** Tags that point to another digest now. */
export async function findMovedTags(
  contents: readonly ContentRow[],
  { client, repository, signal }: Pick<RestoreParts, 'client' | 'repository' | 'signal'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const { tags, digest } of contents.filter(({ kind }) => kind === 'manifest')) {
    for (const tag of tags) {
      const now = await readTag(client, { repository, tag, signal });
      if (now !== undefined && now !== digest) found.push(tag);
    }
  }
  return found;
}

/** Throws ActionError unless the repository serves every manifest and tag as it was stored. */
export async function checkRestored(
  contents: readonly ContentRow[],
  { client, repository, signal }: RestoreParts,
): Promise<void> {
  for (const { digest, tags } of contents.filter(({ kind }) => kind === 'manifest')) {
    const isThere = await hasManifest(client, { repository, selector: digest, signal });
    if (!isThere) {
      const what = `${repository}@${digest} at ${client.host}`;
      throw new ActionError('not_restored', `the registry does not serve ${what} after its push`);
    }
    for (const tag of tags) {
      const now = await readTag(client, { repository, tag, signal });
      if (now === digest) continue;
      const found = now ?? 'nothing';
      throw new ActionError(
        'not_restored',
        `${repository}:${tag} points to ${found}, not ${digest}`,
      );
    }
  }
}

async function* readStored(
  row: ContentRow,
  { blobs, start, end }: RestoreParts & { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  if (end > start) yield* await blobs.open(stored(row), { start, end: end - 1 });
}

async function readManifestBytes(row: ContentRow, blobs: BlobStore): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await blobs.open(stored(row))) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function stored({ sha256, digest, deleted_at: deletedAt }: ContentRow): string {
  if (sha256 !== null && deletedAt === null) return sha256;
  throw new ActionError('evidence', `the evidence of ${digest} is not stored`);
}
