/** A stored archive for the analysis: random access, directly from the blob store. */
import type { FileBytes } from '@lazaret/analysis';
import { SourceError } from '@lazaret/oci';
import { asProblem, type ProblemCode } from '@lazaret/protocol';

import type { BlobStore } from '../blobs/index.ts';

type SourceErrorCode = SourceError['code'];

const codes: Partial<Record<ProblemCode, SourceErrorCode>> = {
  not_found: 'not_found',
  blob_damaged: 'damaged',
  blob_key_mismatch: 'unauthorized',
};

/** Throws SourceError when the store no longer has the content. */
export async function openArchiveBytes(blobs: BlobStore, sha256: string): Promise<FileBytes> {
  const facts = await blobs.stat(sha256);
  if (facts === undefined) {
    throw new SourceError('not_found', `the uploaded archive ${sha256} is no longer stored`);
  }
  const { sizeBytes } = facts;
  async function* stream(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (length <= 0) return;
    try {
      const end = Math.min(offset + length, sizeBytes) - 1;
      yield* (await blobs.open(sha256, { start: offset, end })) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw asSourceError(error);
    }
  }
  return {
    // Its file may be encrypted, so other readers must not read it directly.
    path: undefined,
    sizeBytes,
    async read(offset, length) {
      const pieces: Uint8Array[] = [];
      const most = Math.min(length, sizeBytes - offset);
      for await (const piece of stream(offset, most)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    stream: ({ offset, sizeBytes: length }) => stream(offset, length),
    close: () => Promise.resolve(),
  };
}

function asSourceError(error: unknown): unknown {
  const problem = asProblem(error);
  const code = problem === undefined ? undefined : codes[problem.code];
  if (problem === undefined || code === undefined) return error;
  return new SourceError(code, problem.message, { cause: error });
}
