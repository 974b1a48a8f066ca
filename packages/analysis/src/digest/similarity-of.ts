import type { SimilarityDigests } from '@lazaret/protocol';

import { sdhash } from './sdhash.ts';
import { ssdeep } from './ssdeep.ts';
import { tlsh } from './tlsh.ts';

/** Similarity digests of a file, without those for which it is too small or too uniform. */
export function similarityOf(bytes: Buffer): SimilarityDigests {
  const digests = { tlsh: tlsh(bytes), ssdeep: ssdeep(bytes), sdhash: sdhash(bytes) };
  return {
    ...(digests.tlsh !== undefined && { tlsh: digests.tlsh }),
    ...(digests.ssdeep !== undefined && { ssdeep: digests.ssdeep }),
    ...(digests.sdhash !== undefined && { sdhash: digests.sdhash }),
  };
}
