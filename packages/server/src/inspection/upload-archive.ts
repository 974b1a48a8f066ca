/** Uploads of archives: refused at their first bytes when they cannot be one, else stored. */
import { isArchiveStart } from '@lazaret/analysis';
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

const headBytes = 512;

/** The artifact that the archive is from now on. Throws invalid_archive. */
export function uploadArchive(upload: Upload, context: UploadContext): Promise<Artifact> {
  const stream = checkStart(upload.stream);
  return storeUpload(
    { name: upload.name, declaredBytes: upload.declaredBytes, stream },
    { ...context, fallbackName: 'image.tar', maxBytes: limits.imageArchiveBytes },
  );
}

async function* checkStart(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let isChecked = false;
  for await (const piece of stream) {
    if (isChecked) {
      yield piece;
      continue;
    }
    held.push(piece);
    const head = Buffer.concat(held);
    if (head.length < headBytes) continue;
    check(head);
    isChecked = true;
    yield head;
  }
  if (isChecked) return;
  check(Buffer.concat(held));
  yield* held;
}

function check(head: Buffer): void {
  if (head.length === 0) throw new Problem('invalid_archive', 'the upload is empty');
  if (isArchiveStart(head)) return;
  throw new Problem(
    'invalid_archive',
    'expected a tar archive, plain or compressed with gzip or zstd; the first bytes are of something else',
  );
}
