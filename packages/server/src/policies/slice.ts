/** The slice of policies; the role watcher judges. */
import { plural } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { projectsWith } from '../floor/principal.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import { countUndecided } from '../registries/index.ts';
import { judgingLimits } from './limits.ts';
import { PolicySets } from './policy-set.ts';
import type { EffectParts } from './read-decisions.ts';
import { countToReexamine } from './reexamine.ts';
import { policyRoutes } from './routes.ts';

export function policiesSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'wake' | 'clock'> &
    Pick<EffectParts, 'readEffects'>,
): Slice {
  const { database } = context;
  return {
    name: 'policies',
    routes: policyRoutes({ ...context, sets: new PolicySets(), now: context.clock.now }),
    health: {
      missing: async () => [
        ...(await listRefused(database)),
        ...(await listUndecided(database)),
        ...(await listPaused(database)),
      ],
    },
    overview: async (caller) => {
      const scope = projectsWith(caller, 'policies.read');
      if (scope.length === 0) return {};
      return { reinspection: { waiting: await countToReexamine(database, scope) } };
    },
  };
}

/** Files whose content is refused, with what is in force instead. */
export async function listRefused(database: Kysely<Database>): Promise<MissingPart[]> {
  const rows = await database
    .selectFrom('policies')
    .select(['name', 'file', 'version', 'problem'])
    .where('problem', 'is not', null)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(judgingLimits.missingListed)
    .execute();
  return rows.map(({ name, file, version, problem }) => {
    const { line, column, message } = problem?.[0] ?? { line: null, column: null, message: '' };
    const where = line === null ? '' : `line ${line}, column ${column ?? 1}: `;
    const inForce =
      version === null ? 'no version is in force' : `version ${version} stays in force`;
    return {
      part: `policy ${name}`,
      detail: `The file ${file ?? ''} is not valid: ${where}${message}; ${inForce}.`,
      advice:
        'Run `lazaret policy validate FILE`, and correct the file; it is read again by itself.',
    };
  });
}

/** Arrivals that have waited for so long that nothing decides. */
export async function listUndecided(database: Kysely<Database>): Promise<MissingPart[]> {
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

/** Stored images that are judged by an earlier policy because judging again was paused. */
async function listPaused(database: Kysely<Database>): Promise<MissingPart[]> {
  const rows = await database
    .selectFrom('rejudgements')
    .select(['project', 'judged', 'total'])
    .where('state', '=', 'paused')
    .orderBy('project')
    .limit(judgingLimits.missingListed)
    .execute();
  return rows.map(({ project, judged, total }) => ({
    part: `judging of ${project}`,
    detail: `Paused after ${judged} of ${plural(total, 'image')}: the others have earlier decisions.`,
    advice: `Run \`lazaret policy rejudge --resume --project ${project}\`.`,
  }));
}
