/**
 * The digest of the cache key of a layer. A registry provides content by digest, which is verified
 * when read; a local file may claim any digest, so it is hashed before the cache is used for it.
 */
import { createHash } from 'node:crypto';

import { fileIdentity, isSettled } from '../../cache/file-identity.ts';
import type { AnalysisCache } from '../../cache/open-cache.ts';
import type { SourceLayer } from '@lazaret/oci';

export interface StoredBytesKnown {
  /** Undefined when the bytes cannot be read or do not match the digest of the layer. */
  readonly digest: string | undefined;
  /**
   * Stores the digest after the bytes were hashed, so that the unchanged file need not be hashed
   * again.
   */
  readonly remember: (digest: string) => void;
}

/** Determines the digest of a layer before the walk; hashes only when that can avoid the walk. */
export async function storedDigest(
  layer: SourceLayer,
  cache: AnalysisCache | undefined,
  now: () => number,
): Promise<StoredBytesKnown> {
  const { file } = layer;
  if (cache === undefined || file === undefined) return { digest: layer.digest, remember: nothing };
  const identity = fileIdentity(file);
  const known = identity === undefined ? undefined : cache.getFileDigest(identity);
  const isStable = known === undefined && isSettled(file, now());
  const remember = (digest: string): void => {
    // The digest of a file that changed while it was read matches neither version.
    if (isStable && identity !== undefined && identity === fileIdentity(file)) {
      cache.putFileDigest(identity, digest);
    }
  };
  if (known === undefined && layer.digest !== undefined && !cache.hasParts(layer.digest)) {
    return { digest: layer.digest, remember };
  }
  const digest = known ?? (await hashStored(layer));
  if (digest !== undefined) remember(digest);
  const isClaimed = layer.digest === undefined || layer.digest === digest;
  return { digest: isClaimed ? digest : undefined, remember };
}

const nothing = (): void => undefined;

async function hashStored(layer: SourceLayer): Promise<string | undefined> {
  const algorithm = layer.digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const hash = createHash(algorithm);
  try {
    for await (const chunk of await layer.open()) hash.update(chunk);
  } catch {
    // The walk will report the same error.
    return undefined;
  }
  return `${algorithm}:${hash.digest('hex')}`;
}
