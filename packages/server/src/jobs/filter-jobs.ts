/** The filter of jobs in SQL. Every query of jobs is bounded by the caller's projects. */
import type { JobState } from '@lazaret/protocol';
import { sql, type SelectQueryBuilder, type SqlBool } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';

export interface JobFilter {
  readonly project?: string | undefined;
  readonly engine?: readonly string[] | undefined;
  readonly state?: readonly JobState[] | undefined;
  readonly tag?: string | undefined;
  readonly submittedBy?: string | undefined;
  readonly node?: string | undefined;
  readonly sha256?: string | undefined;
  readonly text?: string | undefined;
  /** Only jobs newer than this id. */
  readonly after?: string | undefined;
  /** No jobs newer than this id. */
  readonly notAfter?: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

export type JobQuery<O> = SelectQueryBuilder<Database, 'jobs', O>;

/** Narrows a query to the jobs in scope that match the filter. */
export function filterJobs<O>(
  query: JobQuery<O>,
  scope: ProjectScope,
  filter: JobFilter,
): JobQuery<O> {
  let narrowed = query;
  const narrow = (condition: ReturnType<typeof sql<SqlBool>>): void => {
    narrowed = narrowed.where(condition);
  };
  if (scope !== 'all') narrow(sql`jobs.project = any(${scope}::text[])`);
  if (filter.project !== undefined) narrow(sql`jobs.project = ${filter.project}`);
  if (filter.engine !== undefined) narrow(sql`jobs.engine = any(${filter.engine}::text[])`);
  if (filter.state !== undefined) narrow(sql`jobs.state = any(${filter.state}::text[])`);
  if (filter.tag !== undefined) narrow(sql`${filter.tag} = any(jobs.tags)`);
  if (filter.submittedBy !== undefined) narrow(sql`jobs.submitted_by = ${filter.submittedBy}`);
  if (filter.node !== undefined) narrow(sql`jobs.node = ${filter.node}`);
  if (filter.after !== undefined) narrow(sql`jobs.id > ${filter.after}`);
  if (filter.notAfter !== undefined) narrow(sql`jobs.id <= ${filter.notAfter}`);
  if (filter.ids !== undefined) narrow(sql`jobs.id = any(${filter.ids}::text[])`);
  if (filter.sha256 !== undefined) {
    narrow(sql`(exists (select from job_inputs i where i.job = jobs.id and i.sha256 = ${filter.sha256})
      or exists (select from job_artifacts a where a.job = jobs.id and a.sha256 = ${filter.sha256}))`);
  }
  if (filter.text !== undefined) {
    const pattern = `%${filter.text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    narrow(sql`(exists (select from unnest(jobs.tags) as tag where tag ilike ${pattern})
      or exists (select from job_inputs i where i.job = jobs.id and i.name ilike ${pattern}))`);
  }
  return narrowed;
}
