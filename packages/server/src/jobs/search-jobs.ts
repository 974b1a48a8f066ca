/** Jobs in the global search. */
import type { JobState, SearchHit, SearchTerm } from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import {
  bareHit,
  createSearchable,
  partPattern,
  startsPattern,
  withinBounds,
  type HitPlan,
  type KeyedRow,
  type Searchable,
  type SearchBounds,
} from '../floor/searchable.ts';

interface JobHitRow extends KeyedRow {
  readonly id: string;
  readonly project: string;
  readonly engine: string;
  readonly state: string;
  readonly created_at: Date | string;
  /** Names of the inputs. */
  readonly inputs: string[];
}

/** The format of ids; a prefix of this length is searched as the start of one. */
const idStart = /^[0-9a-z]{4,16}$/;

/** Jobs by id, by a content that they read or produced, by the name of an input, by tag. */
export function jobSearchable(database: Kysely<Database>): Searchable {
  return createSearchable({
    ...{ kind: 'job', database, permission: 'jobs.read' },
    plans: planJobs,
    toHit,
  });
}

function planJobs(term: SearchTerm, bounds: SearchBounds): readonly HitPlan<JobHitRow>[] {
  const within = withinBounds('jobs.project', bounds);
  const { digest, path, purl } = term;
  const text = term.text.toWellFormed().replaceAll('\0', '');
  if (digest !== undefined) {
    return digest.algorithm === 'sha256' ? [jobsWhere(hasContent(digest.hex), within)] : [];
  }
  if (path !== undefined || purl !== undefined) return [];
  const byId = idStart.test(text)
    ? [jobsWhere(sql`jobs.id like ${startsPattern(text)}`, within)]
    : [];
  return [...byId, jobsWhere(isNamed(text), within)];
}

/** Each half uses its own index, which an OR of conditions would not. */
function hasContent(sha256: string): RawBuilder<unknown> {
  return sql`jobs.id in (select job from job_inputs where sha256 = ${sha256}
    union select job from job_artifacts where sha256 = ${sha256})`;
}

function isNamed(text: string): RawBuilder<unknown> {
  return sql`jobs.id in (select job from job_inputs where name ilike ${partPattern(text)}
    union select tagged.id from jobs as tagged where tagged.tags @> array[${text}::text])`;
}

function jobsWhere(
  condition: RawBuilder<unknown>,
  within: RawBuilder<boolean>,
): HitPlan<JobHitRow> {
  return {
    shape: 's',
    statement: (limit, after) => sql<JobHitRow>`
      select jsonb_build_array(jobs.id) as key, jobs.id, jobs.project, jobs.engine, jobs.state,
        jobs.created_at, coalesce((select array_agg(i.name order by i.position)
          from job_inputs i where i.job = jobs.id and i.position < 10), '{}') as inputs
      from jobs
      where ${condition} and ${within}
        and ${after === undefined ? sql`true` : sql`jobs.id < ${after[0]}`}
      order by jobs.id desc limit ${limit}
    `,
  };
}

function toHit(row: JobHitRow): SearchHit {
  const { id, project, engine, inputs } = row;
  const createdAt = new Date(row.created_at).toISOString();
  return bareHit({
    ...{ kind: 'job', id, project, title: inputs.join(', ') || engine },
    job: { engine, state: row.state as JobState, createdAt },
  });
}
