/** The slice of engines, with its interface for other slices. */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { serverLimits } from '../floor/limits.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import type { EnginePolicy } from './check-manifest.ts';
import { createEngines, type Engines, type EnginesOptions } from './engines.ts';
import { engineRoutes } from './routes.ts';
import { listUnusable } from './store.ts';

export interface EnginesSlice extends Slice {
  readonly engines: Engines;
}

export function enginesSlice(
  parts: Pick<SliceContext, 'database' | 'log' | 'signal' | 'onEvents' | 'clock'> &
    EnginePolicy &
    Pick<EnginesOptions, 'resolveImage' | 'findUnfinishedJob'> & {
      /** Directory of manifests to watch; it must exist. */
      readonly directory: string;
    },
): EnginesSlice {
  const { directory, signal, clock, ...rest } = parts;
  const engines = createEngines({ ...rest, nowMs: clock.now });
  const loops = engines.watch(directory, signal);
  return {
    name: 'engines',
    engines,
    routes: engineRoutes(engines),
    loops: () => loops,
    health: { missing: () => listMissing(parts.database) },
  };
}

async function listMissing(database: Kysely<Database>): Promise<MissingPart[]> {
  const engines = await listUnusable(database, serverLimits.missingPartsListed);
  return engines.map(({ name, problem }) => ({
    part: `engine ${name}`,
    detail: problem,
    advice: 'Build or load its image on a node; the engine can be used once it is there.',
  }));
}
