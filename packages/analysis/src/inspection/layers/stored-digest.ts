/**
 * The digest under which what is kept of a layer is looked up. A registry hands out bytes by their
 * digest, and whoever takes another's bytes refuses them; a file of this machine may call itself
 * what it likes, so its bytes are hashed before anything that is kept is believed of them.
 */
import { createHash } from 'node:crypto';

import { fileIdentity, isSettled } from '../../cache/file-identity.ts';
import type { AnalysisCache } from '../../cache/open-cache.ts';
import type { SourceLayer } from '@lazaret/oci';

export interface StoredBytesKnown {
  /** Undefined when the bytes cannot be read or are not those of the layer's digest. */
  readonly digest: string | undefined;
  /** To be told the digest once the bytes were hashed, so that the file is known another time. */
  readonly remember: (digest: string) => void;
}

/** What is known of a layer's bytes before the walk; hashed only where that can save it. */
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
    // One that changed while it was read has the digest of neither state.
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
    // Told by the walk, which meets the same.
    return undefined;
  }
  return `${algorithm}:${hash.digest('hex')}`;
}
