/** The SQL of the tables `blobs` and `artifacts`. */
import { Problem, type Artifact } from '@lazaret/protocol';
import type { Kysely, Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { serverLimits } from '../floor/limits.ts';
import { inScope, type ProjectScope } from '../floor/principal.ts';

export interface NewArtifact {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly name: string;
}

/** Records stored content as artifacts of a project; existing ones are unchanged. */
export async function insertArtifacts(
  transaction: Transaction<Database>,
  artifacts: readonly NewArtifact[],
  { project, createdBy }: { readonly project: string; readonly createdBy: string },
): Promise<void> {
  if (artifacts.length === 0) return;
  const bySha = new Map(artifacts.map((one) => [one.sha256, one]));
  // Sorted, so that two transactions with the same content never deadlock.
  const unique = [...bySha.values()].toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  await transaction
    .insertInto('blobs')
    .values(unique.map(({ sha256, sizeBytes }) => ({ sha256, size_bytes: sizeBytes })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await transaction
    .insertInto('artifacts')
    .values(unique.map(({ sha256, name }) => ({ project, sha256, name, created_by: createdBy })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The digests that are artifacts of the project. */
export async function readArtifacts(
  database: Kysely<Database>,
  wanted: { readonly project: string; readonly digests: readonly string[] },
): Promise<ReadonlyMap<string, NewArtifact>> {
  if (wanted.digests.length === 0) return new Map();
  const rows = await database
    .selectFrom('artifacts')
    .innerJoin('blobs', 'blobs.sha256', 'artifacts.sha256')
    .where('artifacts.project', '=', wanted.project)
    .where('artifacts.sha256', 'in', wanted.digests)
    .select(['artifacts.sha256', 'artifacts.name', 'blobs.size_bytes'])
    .execute();
  return new Map(
    rows.map(({ sha256, name, size_bytes: sizeBytes }) => [sha256, { sha256, name, sizeBytes }]),
  );
}

/** Whether content of the blob store belongs to artifacts. */
export async function isArtifactContent(
  database: Kysely<Database>,
  sha256: string,
): Promise<boolean> {
  const row = await database
    .selectFrom('blobs')
    .select('sha256')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row !== undefined;
}

/** An artifact in the projects of the caller; others do not exist for the caller. */
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
