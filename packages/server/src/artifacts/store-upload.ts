/**
 * Stores uploads: bytes to the blob store while they are hashed, then the rows that list them.
 */
import { limits, Problem, type Artifact } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { noSuchProject, requireProject } from '../access/index.ts';
import type { Upload } from '../floor/http/index.ts';
import { findArtifact, insertArtifacts } from './store.ts';

export interface UploadOptions {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly project: string;
  /** The name in the request; that of the upload unless given. */
  readonly name: string | undefined;
  /** Used when neither has a name; the digest unless given. */
  readonly fallbackName?: string | undefined;
  readonly actor: string;
  readonly maxBytes: number;
  readonly sha256?: string | undefined;
}

/** Stores an upload for a project; nothing of one over the limit is stored. */
export async function storeUpload(
  upload: Pick<Upload, 'name' | 'declaredBytes'> & {
    readonly stream: AsyncIterable<Uint8Array>;
  },
  options: UploadOptions,
): Promise<Artifact> {
  const { database, project, actor } = options;
  const { declaredBytes } = upload;
  if (declaredBytes !== undefined && declaredBytes > options.maxBytes) {
    throw new Problem(
      'payload_too_large',
      `expected at most ${options.maxBytes} bytes, the upload has ${declaredBytes}`,
    );
  }
  await requireProject(database, project);
  const stored = await options.blobs.put(upload.stream, {
    maxBytes: options.maxBytes,
    ...(options.sha256 === undefined ? {} : { expectedSha256: options.sha256 }),
  });
  const name = safeName(options.name ?? upload.name, options.fallbackName ?? stored.sha256);
  try {
    await database.transaction().execute(async (transaction) => {
      await insertArtifacts(transaction, [{ ...stored, name }], { project, createdBy: actor });
    });
  } catch (error) {
    // It may have been removed meanwhile.
    if ((error as { constraint?: string }).constraint !== 'artifacts_project_fkey') throw error;
    throw noSuchProject(project);
  }
  const artifact = await findArtifact(database, [project], stored.sha256);
  // Jobs show the name of this upload, also when the content existed before.
  return { ...artifact, name };
}

/**
 * The last segment of the name from the client, without characters that are invalid in file names.
 */
function safeName(given: string, fallback: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replaceAll(/\p{Cc}/gu, '\u{fffd}')
    .toWellFormed()
    .trim();
  if (clean === '' || clean === '.' || clean === '..') return fallback;
  let name = clean;
  while (Buffer.byteLength(name) > limits.fileNameBytes) name = name.slice(0, -1);
  return name.toWellFormed();
}
