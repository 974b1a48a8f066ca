/**
 * The digest under which what is kept of a layer is looked up. A registry hands out bytes by their
 * digest, and whoever takes another's bytes refuses them; a file of this machine may call itself
 * what it likes, so its bytes are hashed before anything that is kept is believed of them.
 */
import { createHash } from 'node:crypto';

import type { AnalysisCache } from '../cache/open-cache.ts';
import type { SourceLayer } from '../source/image-source.ts';

/** Undefined when the bytes cannot be read or are not those of the layer's digest. */
export async function storedDigest(
  layer: SourceLayer,
  cache: AnalysisCache,
): Promise<string | undefined> {
  if (layer.file === undefined) return layer.digest;
  const known = cache.getFileDigest(layer.file);
  const digest = known ?? (await hashStored(layer));
  if (digest === undefined) return undefined;
  if (known === undefined) cache.putFileDigest(layer.file, digest);
  return layer.digest === undefined || layer.digest === digest ? digest : undefined;
}

async function hashStored(layer: SourceLayer): Promise<string | undefined> {
  const algorithm = layer.digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const hash = createHash(algorithm);
  try {
    for await (const chunk of await layer.open()) hash.update(chunk);
  } catch {
    // Told by the walk, which meets the same.
    return undefined;
  }
  return `${algorithm}:${hash.digest('hex')}`;
}
