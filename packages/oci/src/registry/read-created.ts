/** When an image was built, as its configuration says: untrusted, and often absent. */
import { mediaTypes } from '../image/media-type.ts';
import { parseImageConfig } from '../image/image-config.ts';
import { ociLimits } from '../limits.ts';
import { readManifest, readSmallBlob } from './read-manifest.ts';
import type { RegistryClient } from './registry-client.ts';

/** Milliseconds since 1970; undefined for artifacts and images that do not say. */
export async function readCreated(
  client: RegistryClient,
  request: {
    readonly repository: string;
    readonly selector: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<number | undefined> {
  const { repository, signal } = request;
  const { document } = await readManifest(client, request);
  if (document.kind === 'index') {
    const child = document.children.find(
      ({ mediaType, platform }) =>
        mediaTypes.documents.get(mediaType) === 'manifest' && platform?.os !== 'unknown',
    );
    if (child === undefined) return undefined;
    return readCreated(client, { repository, selector: child.digest, signal });
  }
  const maxBytes = ociLimits.imageConfigBytes;
  const descriptor = document.config;
  const bytes = await readSmallBlob(client, { repository, descriptor, maxBytes, signal });
  const created = Date.parse(parseImageConfig(bytes).config.created ?? '');
  return Number.isNaN(created) ? undefined : created;
}
