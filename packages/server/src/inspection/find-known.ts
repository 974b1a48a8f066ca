/** Images that were looked into by the same means already: their answer would be the same again. */
import type { ImageSurvey } from '@lazaret/analysis';
import { limits, type VerdictState } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../db/schema.ts';
import type { StoredImage } from './store-report.ts';

/** Undefined unless all of them are known; those get the reference as a name. */
export async function findKnown(
  database: Kysely<Database>,
  about: { readonly project: string; readonly reference: string },
  { digests, means }: ImageSurvey,
): Promise<StoredImage[] | undefined> {
  if (digests.length === 0) return undefined;
  const rows = await database
    .selectFrom('images')
    .select(['id', 'digest', 'platform', 'verdict', 'names'])
    .where('project', '=', about.project)
    .where('digest', 'in', digests)
    .where('means', '=', means)
    .execute();
  const found = digests.flatMap((digest) => rows.find((row) => row.digest === digest) ?? []);
  if (found.length < digests.length) return undefined;
  for (const { id, names } of found) {
    if (names.includes(about.reference)) continue;
    const all = [about.reference, ...names].slice(0, limits.imageNamesKept);
    await database.updateTable('images').set({ names: all }).where('id', '=', id).execute();
  }
  return found.map(({ digest, platform, verdict }) => ({
    ...{ digest, platform, verdict: verdict as VerdictState, known: true },
  }));
}
