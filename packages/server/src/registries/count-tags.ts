/** The number of the tags of a repository, which changes with them. */
import { sql, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { WatchedRegistry } from './connection.ts';

/** By which the present tags became more or fewer; the repository must be locked. */
export async function countTags(
  trx: Transaction<Database>,
  { registry, repository }: { readonly registry: WatchedRegistry; readonly repository: string },
  change: number,
): Promise<void> {
  if (change === 0) return;
  await trx
    .updateTable('registry_repositories')
    .set({ tags: sql<number>`greatest(0, tags + ${change}::integer)` })
    .where('registry', '=', registry.id)
    .where('name', '=', repository)
    .execute();
}
