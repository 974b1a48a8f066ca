/** The slice of the blob store: its health check. */
import { randomBytes } from 'node:crypto';

import type { Slice } from '../floor/slice.ts';
import type { BlobStore } from './blob-store.ts';

export function blobsSlice(blobs: Pick<BlobStore, 'put' | 'delete'>): Slice {
  return {
    name: 'blobs',
    health: { checks: [{ name: 'blobs', check: () => writeProbe(blobs) }] },
  };
}

const probeBytes = 32;

/** Random content that nothing else refers to, so deleting it is safe. */
async function writeProbe(blobs: Pick<BlobStore, 'put' | 'delete'>): Promise<string> {
  const { sha256 } = await blobs.put(probeContent(), { maxBytes: probeBytes });
  await blobs.delete(sha256);
  return 'accepts writes';
}

async function* probeContent(): AsyncGenerator<Uint8Array> {
  yield randomBytes(probeBytes);
}
