/** What jobs offer to the process: the API, and the legacy API over the same actions. */
import type { BlobStore } from '../blobs/index.ts';
import type { Engines } from '../engines/index.ts';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { legacyRoutes } from './legacy-routes.ts';
import { jobRoutes } from './routes.ts';
import type { JobParts } from './service.ts';

export function jobsSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'wake' | 'changed' | 'clock'> & {
    readonly blobs: BlobStore;
    readonly engines: Pick<Engines, 'find' | 'checkParameters'>;
  },
): Slice {
  const { database, blobs, engines, onEvents, wake, changed } = context;
  const parts: JobParts = {
    ...{ database, blobs, onEvents, changed },
    findEngine: (name, revision) => engines.find(name, revision),
    checkParameters: (engine, parameters) => engines.checkParameters(engine, parameters),
    onQueue: () => wake('scheduler', 'worker'),
  };
  return {
    name: 'jobs',
    routes: [...legacyRoutes(parts), ...jobRoutes({ ...parts, nowMs: context.clock.now })],
  };
}
