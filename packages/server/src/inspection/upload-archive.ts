/**
 * Uploads of archives: refused by their first bytes when they are not archives, otherwise stored.
 */
import { checkArchiveStart } from '@lazaret/analysis';
import { limits, Problem, type Artifact } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { storeUpload } from '../artifacts/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { Upload } from '../floor/http/index.ts';

export interface UploadContext {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly project: string;
  readonly name: string | undefined;
  readonly actor: string;
}

/** When the held bytes are checked: a compressed archive may need many for its first header. */
const checkedBytes = [512, 4 * 1024, 32 * 1024, 256 * 1024, 1024 * 1024] as const;

/** The artifact of the archive. Throws invalid_archive. */
export function uploadArchive(upload: Upload, context: UploadContext): Promise<Artifact> {
  const stream = checkStart(upload.stream);
  return storeUpload(
    { name: upload.name, declaredBytes: upload.declaredBytes, stream },
    { ...context, fallbackName: 'image.tar', maxBytes: limits.imageArchiveBytes },
  );
}

/** Holds the first bytes back until they are known to begin an archive, or to be too many. */
async function* checkStart(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const steps = [...checkedBytes];
  for await (const piece of stream) {
    if (steps.length === 0) {
      yield piece;
      continue;
    }
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes < (steps[0] ?? 0)) continue;
    while (heldBytes >= (steps[0] ?? heldBytes + 1)) steps.shift();
    const isKnown = await isPossible(Buffer.concat(held), { isWhole: false });
    if (!isKnown && steps.length > 0) continue;
    steps.length = 0;
    yield* held;
    held = [];
  }
  if (steps.length === 0) return;
  await isPossible(Buffer.concat(held), { isWhole: true });
  yield* held;
}

/** False as long as more bytes are needed. Throws invalid_archive. */
async function isPossible(head: Buffer, { isWhole }: { isWhole: boolean }): Promise<boolean> {
  const start = await checkArchiveStart(head, isWhole);
  if (typeof start === 'string') return start === 'possible';
  throw new Problem('invalid_archive', `expected an archive of images: ${start.reason}`);
}
