/** The configured registry of an action or item, which may have been removed and added again. */
import { Problem } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { findByAddress, type WatchedRegistry } from '../registries/index.ts';

/** Throws conflict when no registry of the project has the address any more. */
export async function findActionRegistry(
  database: Kysely<Database>,
  { project, address }: { readonly project: string; readonly address: string },
): Promise<WatchedRegistry> {
  const [found] = await findByAddress(database, [project], { address });
  if (found !== undefined) return found;
  throw new Problem(
    'conflict',
    `no registry of the project ${project} has the address ${address} any more; add it again`,
  );
}
