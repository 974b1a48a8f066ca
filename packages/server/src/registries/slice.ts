/** The slice of watched registries; the role watcher polls them. */
import type { SharedRates } from '@lazaret/analysis';
import { plural } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import type { CheckParts } from './check-registry.ts';
import type { ConnectionParts } from './connection.ts';
import { watchLimits } from './limits.ts';
import type { ArrivalParts } from './read-arrivals.ts';
import { registryRoutes } from './routes.ts';

export function registriesSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'clock' | 'wake'> &
    ConnectionParts & {
      readonly sharedRates: SharedRates;
      /** Of the local container engine. */
      readonly dockerHost: string;
      readonly checkNotifications: CheckParts['checkNotifications'] & {};
      readonly readEffects: ArrivalParts['readEffects'];
    },
): Slice {
  return {
    name: 'registries',
    routes: registryRoutes({ ...context, now: context.clock.now }),
    health: {
      missing: async () => [
        ...(await listFailing(context.database)),
        ...(await listUnwatched(context.database)),
      ],
    },
  };
}

/** Registries that cannot be read, wholly or in parts. */
export async function listFailing(database: Kysely<Database>): Promise<MissingPart[]> {
  const rows = await database
    .selectFrom('registries')
    .select(['name', 'failures', 'problem_code', 'problem_detail', 'next_poll_at'])
    .where('enabled', '=', true)
    .where('problem_code', 'is not', null)
    .orderBy('failures', 'desc')
    .orderBy('name')
    .limit(watchLimits.missingListed)
    .execute();
  return rows.map((row) => {
    const { name, failures, problem_code: code, problem_detail: detail } = row;
    const at = row.next_poll_at.toISOString();
    return {
      part: `registry ${name}`,
      detail:
        failures === 0
          ? `Not everything can be read: ${detail ?? ''} (${code ?? ''})`
          : `${plural(failures, 'poll')} failed: ${detail ?? ''} (${code ?? ''}); next at ${at}`,
      advice: `Run \`lazaret registries check ${name}\`.`,
    };
  });
}

/** Registries that are due for so long that no process can have the role watcher. */
export async function listUnwatched(database: Kysely<Database>): Promise<MissingPart[]> {
  const rows = await database
    .selectFrom('registries')
    .select('name')
    .where('enabled', '=', true)
    .where(sql<boolean>`coalesce(lease_until, next_poll_at) < now()`)
    .where(sql<boolean>`next_poll_at
      < now() - ${watchLimits.unwatchedMs} * interval '1 millisecond'`)
    .orderBy('name')
    .limit(watchLimits.missingListed)
    .execute();
  if (rows.length === 0) return [];
  const names = rows.map(({ name }) => name).join(', ');
  return [
    {
      part: 'watcher',
      detail: `No process polls ${names}.`,
      advice: 'Add `watcher` to the option `roles` of a process, and restart it.',
    },
  ];
}
