/** The stored verdicts on images, for statements about them. */
import type { VerdictState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

export interface ImageVerdict {
  readonly digest: string;
  readonly platform: string | null;
  readonly verdict: VerdictState;
  /** Numbers of findings: critical, high, medium, low, info. */
  readonly findings: readonly number[];
  readonly complete: boolean;
  readonly inspection: string;
  readonly inspectedAt: string;
  readonly toolVersion: string;
  readonly scanners: readonly { readonly name: string; readonly version: string | null }[];
}

/** Of those of the digests that the project has a report on. */
export async function readVerdicts(
  database: Kysely<Database>,
  project: string,
  digests: readonly string[],
): Promise<ImageVerdict[]> {
  const rows = await database
    .selectFrom('images')
    .select(['digest', 'platform', 'verdict', 'finding_counts', 'inspection', 'inspected_at'])
    .select(
      sql<boolean>`coalesce((summary->'coverage'->>'complete')::boolean, false)`.as('complete'),
    )
    .select(sql<string>`summary->'tool'->>'version'`.as('tool'))
    .select(
      sql<{ name: string; version: string | null }[]>`coalesce((
        select jsonb_agg(jsonb_build_object('name', s->'name', 'version', s->'version'))
        from jsonb_array_elements(summary->'coverage'->'scanners') as s), '[]')`.as('scanners'),
    )
    .where('project', '=', project)
    .where('digest', 'in', [...digests])
    .execute();
  return rows.map((row) => ({
    ...{ digest: row.digest, platform: row.platform, verdict: row.verdict as VerdictState },
    ...{ findings: row.finding_counts, complete: row.complete, inspection: row.inspection },
    inspectedAt: row.inspected_at.toISOString(),
    ...{ toolVersion: row.tool, scanners: row.scanners },
  }));
}
