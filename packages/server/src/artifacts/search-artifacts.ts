/** Artifacts in the global search. */
import type { SearchHit, SearchTerm } from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import {
  bareHit,
  createSearchable,
  partPattern,
  startsPattern,
  withinBounds,
  type HitPlan,
  type KeyedRow,
  type Searchable,
  type SearchBounds,
} from '../floor/searchable.ts';

interface ArtifactHitRow extends KeyedRow {
  readonly sha256: string;
  readonly project: string;
  readonly name: string;
  readonly size_bytes: number;
  readonly created_at: Date | string;
}

/** Artifacts by SHA-256 or its prefix, and by part of their name. */
export function artifactSearchable(database: Kysely<Database>): Searchable {
  return createSearchable({
    ...{ kind: 'artifact', database, permission: 'jobs.read' },
    plans: planArtifacts,
    toHit,
  });
}

function planArtifacts(term: SearchTerm, bounds: SearchBounds): readonly HitPlan<ArtifactHitRow>[] {
  const within = withinBounds('artifacts.project', bounds);
  const { digest, digestStart, path, purl } = term;
  if (digest !== undefined) {
    if (digest.algorithm !== 'sha256') return [];
    return [artifactsWhere(sql`artifacts.sha256 = ${digest.hex}`, within)];
  }
  if (path !== undefined || purl !== undefined) return [];
  const pattern = partPattern(term.text.toWellFormed().replaceAll('\0', ''));
  const byName = artifactsWhere(sql`artifacts.name ilike ${pattern}`, within);
  if (digestStart === undefined) return [byName];
  const start = sql`artifacts.sha256 like ${startsPattern(digestStart)}`;
  return [artifactsWhere(start, within), byName];
}

function artifactsWhere(
  condition: RawBuilder<unknown>,
  within: RawBuilder<boolean>,
): HitPlan<ArtifactHitRow> {
  return {
    shape: 'sss',
    statement: (limit, after) => {
      const [at, sha256, project] = after ?? [];
      const isOlder =
        after === undefined
          ? sql`true`
          : sql`(artifacts.created_at, artifacts.sha256, artifacts.project)
              < (${at}::timestamptz, ${sha256}, ${project})`;
      return sql<ArtifactHitRow>`
        select jsonb_build_array(artifacts.created_at, artifacts.sha256, artifacts.project) as key,
          artifacts.sha256, artifacts.project, artifacts.name, artifacts.created_at,
          blobs.size_bytes
        from artifacts join blobs on blobs.sha256 = artifacts.sha256
        where ${condition} and ${within} and ${isOlder}
        order by artifacts.created_at desc, artifacts.sha256 desc, artifacts.project desc
        limit ${limit}
      `;
    },
  };
}

function toHit(row: ArtifactHitRow): SearchHit {
  const { sha256, project, name, size_bytes: sizeBytes } = row;
  const createdAt = new Date(row.created_at).toISOString();
  return bareHit({
    ...{ kind: 'artifact', id: sha256, title: name, project },
    artifact: { sha256, sizeBytes, createdAt },
  });
}
