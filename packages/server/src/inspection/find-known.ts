/** Images that were inspected with the same configuration before: the report would be equal. */
import type { ImageResolution } from '@lazaret/analysis';
import type { VerdictState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ClaimedInspection } from './inspection-lease.ts';
import { inspectionLimits } from './limits.ts';
import type { StoredImage } from './store-report.ts';

/** Undefined unless all of them are stored; the reference is added to their names. */
export async function findKnown(
  database: Kysely<Database>,
  about: Pick<ClaimedInspection, 'project' | 'reference' | 'archiveName'>,
  { digests, scanConfigDigest }: ImageResolution,
): Promise<StoredImage[] | undefined> {
  if (digests.length === 0) return undefined;
  const rows = await database
    .selectFrom('images')
    .select(['id', 'digest', 'platform', 'verdict'])
    .where('project', '=', about.project)
    .where('digest', 'in', digests)
    .where('scan_config_digest', '=', scanConfigDigest)
    .execute();
  const found = digests.flatMap((digest) => rows.find((row) => row.digest === digest) ?? []);
  if (found.length < digests.length) return undefined;
  await addName(database, found, about.archiveName ?? about.reference);
  return found.map(({ digest, platform, verdict }) => ({
    ...{ digest, platform, verdict: verdict as VerdictState, known: true },
  }));
}

/** In one statement, since other inspections may add names to the same image concurrently. */
async function addName(
  database: Kysely<Database>,
  images: readonly { readonly id: number }[],
  reference: string,
): Promise<void> {
  const ids = images.map(({ id }) => id);
  await sql`
    update images set names = (array[${reference}::text] || names)[1:${inspectionLimits.imageNamesKept}]
    where id = any(${ids}::bigint[]) and not ${reference} = any(names)
  `.execute(database);
}
