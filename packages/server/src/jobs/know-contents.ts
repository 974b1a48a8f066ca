/** Which jobs read or produced each of many contents. */
import { limits, type JobState, type Knowledge, type KnownJob } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';

interface JobRow {
  readonly text: string;
  readonly id: string;
  readonly project: string;
  readonly engine: string;
  readonly state: string;
  readonly role: KnownJob['role'];
  readonly created_at: Date;
}

/** By the text of the indicator; the latest jobs first. */
export async function knowFromJobs(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly { readonly text: string; readonly sha256: string }[],
): Promise<ReadonlyMap<string, Knowledge['jobs']>> {
  if (contents.length === 0) return new Map();
  const texts = contents.map(({ text }) => text);
  const hashes = contents.map(({ sha256 }) => sha256);
  const most = limits.lookupCountMax + 1;
  const columns = sql`jobs.id, jobs.project, jobs.engine, jobs.state, jobs.created_at`;
  const within = withinBounds('jobs.project', bounds);
  const { rows } = await sql<JobRow>`
    select wanted.text, found.*
    from unnest(${texts}::text[], ${hashes}::text[]) as wanted (text, sha256)
    cross join lateral (
      (select distinct ${columns}, 'input' as role from job_inputs i
        join jobs on jobs.id = i.job where i.sha256 = wanted.sha256 and ${within}
        order by jobs.id desc limit ${most})
      union all
      (select distinct ${columns}, 'result' as role from job_artifacts a
        join jobs on jobs.id = a.job where a.sha256 = wanted.sha256 and ${within}
        order by jobs.id desc limit ${most})
      order by id desc limit ${most}
    ) as found
  `.execute(database);
  return new Map(
    [...Map.groupBy(rows, ({ text }) => text)].map(([text, jobs]) => [
      text,
      {
        items: jobs.slice(0, limits.lookupItems).map(toJob),
        count: Math.min(jobs.length, limits.lookupCountMax),
        isMore: jobs.length > limits.lookupCountMax,
      },
    ]),
  );
}

function toJob({ id, project, engine, state, role, created_at: at }: JobRow): KnownJob {
  return { id, project, engine, state: state as JobState, role, createdAt: at.toISOString() };
}
