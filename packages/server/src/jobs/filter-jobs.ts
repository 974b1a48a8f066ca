/** The filter of jobs in SQL. Every query of jobs is bounded by the caller's projects. */
import type { JobState } from '@lazaret/protocol';
import { sql, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';

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
  /** Only jobs whose id starts with this. */
  readonly id?: string | undefined;
}

/** Ids have 16 characters from 0-9 and a-z, so a prefix is a range of the primary key. */
const idChars = 16;

export type JobQuery<O> = SelectQueryBuilder<Database, 'jobs', O>;

/** Narrows a query to the jobs in scope that match the filter. */
export function filterJobs<O>(
  query: JobQuery<O>,
  scope: ProjectScope,
  filter: JobFilter,
): JobQuery<O> {
  const conditions = [
    ...rowConditions(filter),
    ...contentConditions(filter),
    ...(scope === 'all' ? [] : [sql<SqlBool>`jobs.project = any(${scope}::text[])`]),
  ];
  return conditions.reduce((narrowed, condition) => narrowed.where(condition), query);
}

type Condition = RawBuilder<SqlBool>;

function rowConditions(filter: JobFilter): Condition[] {
  const { project, engine, state, tag, submittedBy, node, after, notAfter, ids, id } = filter;
  const given: [unknown, Condition][] = [
    [project, sql`jobs.project = ${project}`],
    [engine, sql`jobs.engine = any(${engine}::text[])`],
    [state, sql`jobs.state = any(${state}::text[])`],
    [tag, sql`${tag} = any(jobs.tags)`],
    [submittedBy, sql`jobs.submitted_by = ${submittedBy}`],
    [node, sql`jobs.node = ${node}`],
    [after, sql`jobs.id > ${after}`],
    [notAfter, sql`jobs.id <= ${notAfter}`],
    [ids, sql`jobs.id = any(${ids}::text[])`],
    [id, sql`jobs.id between ${id?.padEnd(idChars, '0')} and ${id?.padEnd(idChars, 'z')}`],
  ];
  return given.filter(([value]) => value !== undefined).map(([, condition]) => condition);
}

function contentConditions({ sha256, text }: JobFilter): Condition[] {
  const conditions: Condition[] = [];
  if (sha256 !== undefined) {
    conditions.push(sql`(
      exists (select from job_inputs i where i.job = jobs.id and i.sha256 = ${sha256})
      or exists (select from job_artifacts a where a.job = jobs.id and a.sha256 = ${sha256}))`);
  }
  if (text !== undefined) {
    const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    conditions.push(sql`(exists (select from unnest(jobs.tags) as tag where tag ilike ${pattern})
      or exists (select from job_inputs i where i.job = jobs.id and i.name ilike ${pattern}))`);
  }
  return conditions;
}
