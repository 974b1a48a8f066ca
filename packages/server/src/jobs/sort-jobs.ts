/**
 * The order of a list of jobs, and cursors in it. A cursor has the value and the id of the last
 * row, so that pages continue after that row whatever was added or changed before it. Jobs without
 * the value (not ended, not started) come last in either order.
 */
import { jobSorts, jobStates, type JobSort } from '@lazaret/protocol';
import { sql, type AliasedRawBuilder, type RawBuilder, type SqlBool } from 'kysely';

import { invalidCursor } from '../floor/http/index.ts';
import type { JobQuery } from './filter-jobs.ts';

export interface JobOrder {
  readonly sort: JobSort;
  readonly order: 'asc' | 'desc';
}

interface SortKind {
  readonly expression: RawBuilder<unknown>;
  readonly type: 'text' | 'bigint';
}

const microseconds = (span: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`(extract(epoch from ${span}) * 1000000)::bigint`;

const kinds: Readonly<Record<Exclude<JobSort, 'createdAt'>, SortKind>> = {
  finishedAt: { expression: microseconds(sql`jobs.finished_at`), type: 'bigint' },
  duration: {
    expression: microseconds(sql`(jobs.finished_at - jobs.started_at)`),
    type: 'bigint',
  },
  engine: { expression: sql`jobs.engine`, type: 'text' },
  state: {
    expression: sql`array_position(${[...jobStates]}::text[], jobs.state)::bigint`,
    type: 'bigint',
  },
  submittedBy: { expression: sql`jobs.submitted_by`, type: 'text' },
  priority: { expression: sql`jobs.priority::bigint`, type: 'bigint' },
};

const identifier = /^[0-9a-z]{16}$/;

interface Position {
  readonly value: string | null;
  readonly id: string;
}

interface SortedRow {
  readonly id: string;
  readonly sort_value: string | null;
}

export interface JobSorting {
  /** The value that the cursor needs, as `sort_value`. */
  readonly value: AliasedRawBuilder<string | null, 'sort_value'>;
  apply<O>(query: JobQuery<O>): JobQuery<O>;
  cursorOf(row: SortedRow): string;
}

/** Order and start of one page. Throws invalid_request for a cursor of another list. */
export function sortJobs(
  ask: Partial<JobOrder> & { readonly cursor?: string | undefined },
): JobSorting {
  const { sort = 'createdAt', order = 'desc', cursor } = ask;
  if (sort === 'createdAt') return sortById(order, cursor);
  const { expression, type } = kinds[sort];
  const after = cursor === undefined ? undefined : readCursor(cursor, { sort, order });
  const direction = sql.raw(order);
  return {
    value: sql<string | null>`(${expression})::text`.as('sort_value'),
    apply: (query) => {
      const bounded =
        after === undefined
          ? query
          : query.where(isBehind(after, { expression, type: sql.raw(type), order }));
      return bounded
        .orderBy(sql`(${expression}) ${direction} nulls last`)
        .orderBy(sql`jobs.id ${direction}`);
    },
    cursorOf: ({ id, sort_value: value }) =>
      Buffer.from(JSON.stringify([sort, order, value, id])).toString('base64url'),
  };
}

/** Ids sort by the time of submission: the index on them gives the order. */
function sortById(order: JobOrder['order'], cursor: string | undefined): JobSorting {
  if (cursor !== undefined && !identifier.test(cursor)) {
    throw invalidCursor();
  }
  return {
    value: sql<string | null>`null`.as('sort_value'),
    apply: (query) => {
      const bounded =
        cursor === undefined
          ? query
          : query.where('jobs.id', order === 'desc' ? '<' : '>', cursor as never);
      return bounded.orderBy(sql`jobs.id ${sql.raw(order)}`);
    },
    cursorOf: ({ id }) => id,
  };
}

function isBehind(
  { value, id }: Position,
  parts: {
    readonly expression: RawBuilder<unknown>;
    readonly type: RawBuilder<unknown>;
    readonly order: JobOrder['order'];
  },
): RawBuilder<SqlBool> {
  const { expression, type } = parts;
  const beyond = sql.raw(parts.order === 'desc' ? '<' : '>');
  if (value === null) return sql`(${expression} is null and jobs.id ${beyond} ${id})`;
  const same = sql`${value}::${type}`;
  return sql`(${expression} ${beyond} ${same}
    or (${expression} = ${same} and jobs.id ${beyond} ${id})
    or ${expression} is null)`;
}

/** The position in a cursor; its parts come from the caller and are checked. */
function readCursor(
  cursor: string,
  { sort, order }: JobOrder & { readonly sort: keyof typeof kinds },
): Position {
  const [madeFor, direction, value, id] = parseCursor(cursor);
  if (!jobSorts.includes(madeFor as JobSort)) throw invalidCursor();
  if (madeFor !== sort || direction !== order) {
    throw invalidCursor(`is of a list sorted by ${String(madeFor)} ${String(direction)}`);
  }
  const isNumber = kinds[sort].type === 'bigint';
  const isValue =
    value === null || (typeof value === 'string' && (!isNumber || /^-?\d{1,18}$/.test(value)));
  if (!isValue || typeof id !== 'string' || !identifier.test(id)) {
    throw invalidCursor();
  }
  return { value, id };
}

function parseCursor(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
