/** The slice of policies; the role watcher decides. */
import { plural } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import { countUndecided } from '../registries/index.ts';
import { judgingLimits } from './limits.ts';
import { policyRoutes } from './routes.ts';

export function policiesSlice(context: Pick<SliceContext, 'database'>): Slice {
  return {
    name: 'policies',
    routes: policyRoutes(context),
    health: { missing: () => listUndecided(context.database) },
  };
}

/** Arrivals that have waited for so long that nothing decides. */
async function listUndecided(database: Kysely<Database>): Promise<MissingPart[]> {
  const count = await countUndecided(database, judgingLimits.undecidedMs);
  if (count === 0) return [];
  return [
    {
      part: 'decisions',
      detail: `No process decides about ${plural(count, 'arrival')}.`,
      advice: 'Add `watcher` to the option `roles` of a process, or see its log.',
    },
  ];
}
