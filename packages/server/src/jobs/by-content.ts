/** Jobs that read a content, and jobs that produced it. */
import { limits, type FileDetail, type JobState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';
import { readJobs } from './read.ts';

/** Jobs that had it as an input, newest first. */
export async function findJobsWithInput(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<FileDetail['jobs']> {
  const { rows } = await sql<{ readonly id: string; readonly total: number }>`
    select id, count(*) over ()::int as total from (
      select jobs.id from jobs
      where jobs.id in (select job from job_inputs where sha256 = ${sha256})
        and ${withinBounds('jobs.project', bounds)}
      order by jobs.id desc limit ${limits.searchCountMax + 1}
    ) as found limit ${limits.fileListItems}
  `.execute(database);
  const items = await readJobs(
    database,
    rows.map(({ id }) => id),
  );
  return { items, ...countOf(rows) };
}

interface ResultRow {
  readonly job: string;
  readonly project: string;
  readonly engine: string;
  readonly state: string;
  readonly path: string;
  readonly created_at: Date;
  readonly total: number;
}

/** Jobs that produced it, newest first. */
export async function findJobsWithResult(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<FileDetail['results']> {
  const { rows } = await sql<ResultRow>`
    select found.*, count(*) over ()::int as total from (
      select distinct on (jobs.id) jobs.id as job, jobs.project, jobs.engine, jobs.state, a.path,
        jobs.created_at
      from job_artifacts a join jobs on jobs.id = a.job
      where a.sha256 = ${sha256} and ${withinBounds('jobs.project', bounds)}
      order by jobs.id desc, a.attempt desc limit ${limits.searchCountMax + 1}
    ) as found limit ${limits.fileListItems}
  `.execute(database);
  const items = rows.map(({ job, project, engine, state, path, created_at: at }) => ({
    ...{ job, project, engine, state: state as JobState, path },
    createdAt: at.toISOString(),
  }));
  return { items, ...countOf(rows) };
}

function countOf(rows: readonly { readonly total: number }[]): {
  readonly count: number;
  readonly isMore: boolean;
} {
  const total = rows[0]?.total ?? 0;
  return {
    count: Math.min(total, limits.searchCountMax),
    isMore: total > limits.searchCountMax,
  };
}
