/** The slice of collector scripts; the role worker runs them. */
import type { ScriptsSection } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import { scriptRoutes } from './routes.ts';
import { readStatus } from './runner-state.ts';

export function scriptsSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'wake'> & {
    readonly settings: ScriptsSection;
  },
): Slice {
  const { database, settings } = context;
  const { enabled } = settings;
  return {
    name: 'scripts',
    routes: scriptRoutes({ ...context, enabled }),
    health: { missing: async () => (enabled ? listMissing(database) : []) },
  };
}

/** Nothing is missing while nothing waits. */
async function listMissing(database: Kysely<Database>): Promise<MissingPart[]> {
  const { problem, queued, paused, pausedBy, kinds } = await readStatus(database, true);
  const parts: MissingPart[] = [];
  const waiting = queued === 1 ? '1 run of a script waits' : `${queued} runs of scripts wait`;
  if (problem !== null) {
    parts.push({
      part: 'scripts',
      detail: `${waiting}: ${problem}`,
      advice: 'Start a container engine, or configure a node; scripts continue by themselves.',
    });
  }
  if (paused && queued > 0) {
    parts.push({
      part: 'scripts',
      detail: `${waiting}: paused by ${pausedBy ?? 'a user'}`,
      advice: 'Run `lazaret scripts resume`.',
    });
  }
  const unsupported = kinds.filter((one) => one.problem !== null);
  for (const { kind, problem: reason } of unsupported) {
    parts.push({
      part: `scripts in ${kind}`,
      detail: `They do not run: ${reason ?? ''}`,
      advice: 'Install the program on the server, or set its path in the section `scripts`.',
    });
  }
  return parts;
}
