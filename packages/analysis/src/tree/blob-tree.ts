/** A single file as a file tree: a blob that is not a file system archive. */

import { TarError } from '../archive/tar-entry.ts';
import type { FileTree } from './file-tree.ts';
import { treeLimits } from './limits.ts';

export interface BlobTreeOptions {
  /** Normalized tree path. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Walks once. Throws TarError for a file above the size limit of archive members. */
export function blobTree(
  content: AsyncIterable<Uint8Array>,
  { path, sizeBytes }: BlobTreeOptions,
): FileTree {
  return {
    async *walk() {
      if (sizeBytes > treeLimits.layerFileBytes) {
        throw new TarError('entry_too_large', 0, `the blob ${path} has ${sizeBytes} bytes`);
      }
      const nobody = { mode: 0o644, uid: 0, gid: 0, mtimeMs: 0 };
      yield { path, type: 'file', ...nobody, sizeBytes, content };
    },
  };
}
