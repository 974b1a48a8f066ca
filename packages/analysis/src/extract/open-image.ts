/** Opens the source of an image that was inspected, at the digest of the inspection. */
import { SourceError } from '@lazaret/oci';
import type { ImageSource, SourceImage } from '@lazaret/oci';

import { openRequested } from '../inspection/inspect-image.ts';
import type { OpenHooks, OpenRequest } from '../inspection/inspect-image.ts';

/**
 * @param image Its digest: of its manifest, or of its configuration when it has no manifest. Throws
 *   SourceError.
 */
export async function openImageSource(
  source: Omit<OpenRequest, 'pin'>,
  image: string,
  hooks: OpenHooks,
): Promise<ImageSource> {
  // The tag may have moved since.
  const { opened } = await openRequested({ ...source, pin: image }, hooks);
  if (opened.kind === 'image') return opened.source;
  if (opened.kind === 'container') await opened.tree.close();
  throw new SourceError('unsupported', `${source.reference} is not an image`);
}

/** Throws SourceError when the source has other images now. */
export async function findSourceImage(source: ImageSource, digest: string): Promise<SourceImage> {
  const { images } = await source.list('all');
  const image = images.find(
    ({ manifestDigest, configDigest }) => (manifestDigest ?? configDigest) === digest,
  );
  if (image !== undefined) return image;
  const message = `${source.reference} no longer contains the image ${digest}`;
  throw new SourceError('not_found', message);
}
