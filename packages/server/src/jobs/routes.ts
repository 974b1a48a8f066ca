/** HTTP of jobs. */
import { operations } from '@lazaret/protocol';

import { route, type Route } from '../floor/http/index.ts';
import { projectsWith } from '../floor/principal.ts';
import { countJobs, listJobs, readActivity, readJob } from './read.ts';
import { cancelMany, rerunMany } from './change-many.ts';
import { readFindings } from './findings.ts';
import { openResult } from './result.ts';
import { cancel, follow, openLog, rerun, showJob, submit, type JobParts } from './service.ts';

export function jobRoutes(parts: JobParts & { readonly nowMs: () => number }): Route[] {
  const { database } = parts;
  const { jobs } = operations;
  return [
    route(jobs.submit, ({ body }, context) => submit(parts, body, { context })),
    route(jobs.list, ({ query }, { principal }) => {
      const { limit, cursor, sort, order, ...filter } = query;
      const scope = projectsWith(principal, 'jobs.read');
      return listJobs(database, scope, { filter, limit, cursor, sort, order });
    }),
    route(jobs.count, ({ query }, { principal }) =>
      countJobs(database, projectsWith(principal, 'jobs.read'), query),
    ),
    route(jobs.activity, ({ query }, { principal }) =>
      readActivity(database, projectsWith(principal, 'jobs.read'), {
        ...query,
        nowMs: parts.nowMs(),
      }),
    ),
    route(jobs.show, ({ params, query }, context) =>
      showJob(parts, { id: params.id, waitSeconds: query.waitSeconds }, context),
    ),
    route(jobs.cancel, ({ params }, { principal }) => cancel(parts, params.id, principal)),
    route(jobs.rerun, ({ params, body }, context) =>
      rerun(parts, { id: params.id, sameRevision: body.sameRevision }, context),
    ),
    route(jobs.cancelMany, ({ body }, context) => cancelMany(parts, body, context)),
    route(jobs.rerunMany, ({ body }, context) => rerunMany(parts, body, context)),
    route(jobs.findings, async ({ params, query }, { principal }) => {
      const job = await readJob(database, projectsWith(principal, 'jobs.read'), params.id);
      return readFindings(parts.blobs, job, query);
    }),
    route(jobs.log, ({ params, query }, context) =>
      openLog(parts, { id: params.id, ...query }, context),
    ),
    route(jobs.follow, ({ params, query }, context) =>
      follow(parts, { id: params.id, ...query }, context),
    ),
    route(jobs.result, ({ params, query }, context) =>
      openResult(parts, { id: params.id, path: query.path, preview: query.preview }, context),
    ),
  ];
}
