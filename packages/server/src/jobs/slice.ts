/** The slice of jobs: the API, and the legacy API with the same actions. */
import type { BlobStore } from '../blobs/index.ts';
import type { Engines } from '../engines/index.ts';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { legacyRoutes } from './legacy-routes.ts';
import { jobRoutes } from './routes.ts';
import { jobSearchable } from './search-jobs.ts';
import type { JobParts } from './service.ts';

export type JobContext = Pick<SliceContext, 'database' | 'onEvents' | 'wake' | 'changed'> & {
  readonly blobs: BlobStore;
  readonly engines: Pick<Engines, 'find' | 'checkParameters'>;
};

/** Dependencies of submission, for other slices that submit as well. */
export function jobParts(context: JobContext): JobParts {
  const { database, blobs, engines, onEvents, wake, changed } = context;
  return {
    ...{ database, blobs, onEvents, changed },
    findEngine: (name, revision) => engines.find(name, revision),
    checkParameters: (engine, parameters) => engines.checkParameters(engine, parameters),
    onQueue: () => wake('scheduler', 'worker'),
  };
}

export function jobsSlice(context: JobContext & Pick<SliceContext, 'clock'>): Slice {
  const parts = jobParts(context);
  return {
    name: 'jobs',
    searchables: [jobSearchable(context.database)],
    routes: [...legacyRoutes(parts), ...jobRoutes({ ...parts, nowMs: context.clock.now })],
  };
}
