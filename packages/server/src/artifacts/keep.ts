/**
 * Keeping of uploads: bytes to the blob store while they are hashed, then the rows that show them.
 */
import { limits, Problem, type Artifact } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { Upload } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { inScope, type ProjectScope } from '../floor/principal.ts';

export interface KeepOptions {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly project: string;
  /** The name given with the call; the upload's own when there is none. */
  readonly name: string | undefined;
  /** When neither has one; the digest unless given. */
  readonly fallbackName?: string | undefined;
  readonly actor: string;
  readonly maxBytes: number;
  readonly sha256?: string | undefined;
}

/** Stores an upload for a project; over the cap nothing is kept. */
export async function keepUpload(
  upload: Pick<Upload, 'name' | 'declaredBytes'> & {
    readonly stream: AsyncIterable<Uint8Array>;
  },
  options: KeepOptions,
): Promise<Artifact> {
  const { database, project, actor } = options;
  const { declaredBytes } = upload;
  if (declaredBytes !== undefined && declaredBytes > options.maxBytes) {
    throw new Problem(
      'payload_too_large',
      `expected at most ${options.maxBytes} bytes, the upload announces ${declaredBytes}`,
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
      await transaction
        .insertInto('blobs')
        .values({ sha256: stored.sha256, size_bytes: stored.sizeBytes })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await transaction
        .insertInto('artifacts')
        .values({ project, sha256: stored.sha256, name, created_by: actor })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  } catch (error) {
    // It may have been removed meanwhile.
    if ((error as { constraint?: string }).constraint !== 'artifacts_project_fkey') throw error;
    throw noProject(project);
  }
  const kept = await findArtifact(database, [project], stored.sha256);
  // The name of this upload is what its jobs show, also when the content was there already.
  return { ...kept, name };
}

/** Whoever may go everywhere can name any project: asked before the upload is read. */
async function requireProject(database: Kysely<Database>, project: string): Promise<void> {
  const found = await database
    .selectFrom('projects')
    .select('name')
    .where('name', '=', project)
    .executeTakeFirst();
  if (found === undefined) throw noProject(project);
}

function noProject(project: string): Problem {
  return new Problem('not_found', `there is no project ${project} that you can see`);
}

/** The last segment of whatever the client called it, without what no file name may hold. */
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

/** An artifact that the caller's projects have; otherwise it does not exist. */
export async function findArtifact(
  database: Kysely<Database>,
  scope: ProjectScope,
  sha256: string,
): Promise<Artifact> {
  const rows = await database
    .selectFrom('artifacts')
    .innerJoin('blobs', 'blobs.sha256', 'artifacts.sha256')
    .where('artifacts.sha256', '=', sha256)
    .select([
      'artifacts.sha256',
      'artifacts.name',
      'artifacts.project',
      'artifacts.created_at',
      'blobs.size_bytes',
    ])
    .orderBy('artifacts.created_at')
    .limit(serverLimits.projects)
    .execute();
  const row = rows.find((one) => inScope(scope, one.project));
  if (row === undefined) throw new Problem('not_found', `there is no artifact ${sha256}`);
  return {
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    name: row.name,
    project: row.project,
    createdAt: row.created_at.toISOString(),
  };
}
