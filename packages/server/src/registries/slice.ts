/** The slice of watched registries; the role watcher polls them. */
import type { SharedRates } from '@lazaret/analysis';
import { plural } from '@lazaret/protocol';

import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import type { ConnectionParts } from './connection.ts';
import { watchLimits } from './limits.ts';
import { registryRoutes } from './routes.ts';

export function registriesSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'clock' | 'wake'> &
    ConnectionParts & {
      readonly sharedRates: SharedRates;
      /** Of the local container engine. */
      readonly dockerHost: string;
    },
): Slice {
  return {
    name: 'registries',
    routes: registryRoutes({ ...context, now: context.clock.now }),
    health: { missing: () => listFailing(context) },
  };
}

/** Registries that cannot be read, wholly or in parts. */
async function listFailing({ database }: Pick<SliceContext, 'database'>): Promise<MissingPart[]> {
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
