/** Artifacts of one content in all projects of a caller, and their origins. */
import { limits, type Artifact, type FileOrigin } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';

/** By project, the oldest first. */
export async function listArtifacts(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<Artifact[]> {
  const rows = await database
    .selectFrom('artifacts')
    .innerJoin('blobs', 'blobs.sha256', 'artifacts.sha256')
    .where('artifacts.sha256', '=', sha256)
    .where(withinBounds('artifacts.project', bounds))
    .select([
      ...(['artifacts.sha256', 'artifacts.name', 'artifacts.project'] as const),
      ...(['artifacts.created_at', 'blobs.size_bytes'] as const),
    ])
    .orderBy('artifacts.created_at')
    .limit(limits.fileListItems)
    .execute();
  return rows.map((row) => ({
    ...{ sha256: row.sha256, sizeBytes: row.size_bytes, name: row.name, project: row.project },
    createdAt: row.created_at.toISOString(),
  }));
}

/** The latest first. */
export async function listOrigins(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<FileOrigin[]> {
  const rows = await database
    .selectFrom('artifact_origins')
    .where('sha256', '=', sha256)
    .where(withinBounds('artifact_origins.project', bounds))
    .selectAll()
    .orderBy('created_at', 'desc')
    .limit(limits.fileListItems)
    .execute();
  return rows.map((row) => ({
    ...{ project: row.project, image: row.image, reference: row.reference, layer: row.layer },
    ...{ path: row.path, createdBy: row.created_by, createdAt: row.created_at.toISOString() },
  }));
}

/** Records the origin of an artifact, once. */
export async function recordOrigin(
  database: Kysely<Database>,
  sha256: string,
  origin: Omit<FileOrigin, 'createdAt'>,
): Promise<void> {
  const { project, image, reference, layer, path, createdBy } = origin;
  await database
    .insertInto('artifact_origins')
    .values({ project, sha256, image, reference, layer, path, created_by: createdBy })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
