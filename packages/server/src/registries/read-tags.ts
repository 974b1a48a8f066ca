/** Reading of repositories, tags and the history of tags. */
import type {
  ArrivalSource,
  Page,
  RegistryRepository,
  RegistryTag,
  TagChange,
  VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { invalidCursor } from '../floor/http/index.ts';
import { selectInForce, toInForce } from './in-force.ts';
import { toText } from './store.ts';

export interface Paging {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** By name. */
export async function listRepositories(
  database: Kysely<Database>,
  registry: string,
  ask: Paging & { readonly text?: string | undefined },
): Promise<Page<RegistryRepository>> {
  const [after] = readCursor(ask.cursor, 1);
  let query = database
    .selectFrom('registry_repositories')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('arrivals')
        .select('recorded_at')
        .whereRef('arrivals.registry', '=', 'registry_repositories.registry')
        .whereRef('arrivals.repository', '=', 'registry_repositories.name')
        .orderBy('arrivals.id', 'desc')
        .limit(1)
        .as('last_arrival'),
    )
    .where('registry', '=', registry);
  if (ask.text !== undefined) query = query.where('name', 'like', likeOf(ask.text));
  if (after !== undefined) query = query.where('name', '>', after);
  const rows = await query
    .orderBy('name')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, {
    cursor: ({ name }) => [name],
    item: (row) => ({
      name: row.name,
      tags: row.tags,
      skipped: row.skipped,
      firstSeenAt: row.first_seen_at.toISOString(),
      listedAt: toText(row.listed_at),
      missingSince: toText(row.missing_since),
      lastArrivalAt: toText(row.last_arrival),
      problem: toProblem(row),
    }),
  });
}

/** By repository and tag. */
export async function listTags(
  database: Kysely<Database>,
  registry: string,
  ask: Paging & {
    readonly repository?: string | undefined;
    readonly text?: string | undefined;
    readonly present?: boolean | undefined;
  },
): Promise<Page<RegistryTag>> {
  const [afterRepository, afterTag] = readCursor(ask.cursor, 2);
  let query = database
    .selectFrom('registry_tags as t')
    .leftJoin('arrivals as a', 'a.id', 't.arrival')
    .leftJoin('registry_repositories as r', (join) =>
      join.onRef('r.registry', '=', 't.registry').onRef('r.name', '=', 't.repository'),
    )
    .select(['t.repository', 't.tag', 't.digest', 't.media_type', 't.present', 't.changed_at'])
    .select(['t.arrival', 't.problem_code', 't.problem_detail', 'a.verdict'])
    .select(selectInForce('t').as('in_force'))
    .select(
      sql<Date | null>`case when t.problem_code is null
        then greatest(t.checked_at, r.listed_at) else t.checked_at end`.as('checked_at'),
    )
    .where('t.registry', '=', registry);
  const { repository, present, text } = ask;
  if (repository !== undefined) query = query.where('t.repository', '=', repository);
  if (present !== undefined) query = query.where('t.present', '=', present);
  if (text !== undefined) query = query.where('t.tag', 'like', likeOf(text));
  if (afterRepository !== undefined) {
    query = query.where(
      sql<boolean>`(t.repository, t.tag) > (${afterRepository}::text, ${afterTag}::text)`,
    );
  }
  const rows = await query
    .orderBy('t.repository')
    .orderBy('t.tag')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, {
    cursor: (row) => [row.repository, row.tag],
    item: (row) => ({
      repository: row.repository,
      tag: row.tag,
      digest: row.digest,
      mediaType: row.media_type,
      present: row.present,
      changedAt: row.changed_at.toISOString(),
      checkedAt: toText(row.checked_at),
      arrival: row.arrival,
      verdict: row.verdict as VerdictState | null,
      inForce: toInForce(row.in_force),
      problem: toProblem(row),
    }),
  });
}

/** The latest first. */
export async function listHistory(
  database: Kysely<Database>,
  registry: string,
  ask: Paging & { readonly repository?: string | undefined; readonly tag?: string | undefined },
): Promise<Page<TagChange>> {
  let query = database
    .selectFrom('registry_tag_history')
    .selectAll()
    .where('registry', '=', registry);
  if (ask.repository !== undefined) query = query.where('repository', '=', ask.repository);
  if (ask.tag !== undefined) query = query.where('tag', '=', ask.tag);
  if (ask.cursor !== undefined) {
    if (!/^\d{1,15}$/.test(ask.cursor)) throw invalidCursor();
    query = query.where('id', '<', Number(ask.cursor));
  }
  const rows = await query
    .orderBy('id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? String(page.at(-1)?.id) : null;
  return {
    next,
    items: page.map((row) => ({
      repository: row.repository,
      tag: row.tag,
      change: row.change as TagChange['change'],
      digest: row.digest,
      // pushed again after it had disappeared
      previous: row.previous === row.digest ? null : row.previous,
      source: row.source as ArrivalSource,
      actor: row.actor,
      at: row.at.toISOString(),
    })),
  };
}

export function toProblem(row: {
  readonly problem_code: string | null;
  readonly problem_detail: string | null;
}): { code: string; detail: string } | null {
  const { problem_code: code, problem_detail: detail } = row;
  return code === null ? null : { code, detail: detail ?? '' };
}

function likeOf(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** Cursors are the keys of the last row, as names may contain any separator. */
function readCursor(cursor: string | undefined, parts: number): readonly string[] {
  if (cursor === undefined) return [];
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const isValid =
      Array.isArray(keys) &&
      keys.length === parts &&
      keys.every((key) => typeof key === 'string' && !key.includes('\0'));
    if (isValid) return (keys as string[]).map((key) => key.toWellFormed());
  } catch {
    // The same answer as for keys that are not valid.
  }
  throw invalidCursor();
}

function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  how: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => readonly string[] },
): Page<Item> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next =
    rows.length > limit && last !== undefined
      ? Buffer.from(JSON.stringify(how.cursor(last))).toString('base64url')
      : null;
  return { items: page.map(how.item), next };
}
