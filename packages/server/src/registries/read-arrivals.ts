/** Reading of arrivals, bounded by the projects of the caller. */
import {
  Problem,
  type Arrival,
  type ArrivalSource,
  type ArrivalState,
  type DecisionAction,
  type DecisionEffect,
  type Page,
  type VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { selectInForce, toInForce } from './in-force.ts';
import { referenceOf } from './inspect-arrivals.ts';
import { toProblem, type Paging } from './read-tags.ts';
import { toText } from './store.ts';

export interface ArrivalFilter extends Paging {
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
  readonly source?: readonly ArrivalSource[] | undefined;
  readonly state?: readonly ArrivalState[] | undefined;
  readonly verdict?: readonly VerdictState[] | undefined;
  readonly id?: string | undefined;
  readonly after?: string | undefined;
}

export interface ArrivalParts {
  readonly database: Kysely<Database>;
  /** The effects of decisions on registries, by the id of the decision. */
  readonly readEffects: (
    database: Kysely<Database>,
    decisions: readonly string[],
  ) => Promise<ReadonlyMap<string, DecisionEffect>>;
}

const idChars = 16;

function select(database: Kysely<Database>, scope: ProjectScope) {
  return database
    .selectFrom('arrivals as a')
    .innerJoin('registries as r', 'r.id', 'a.registry')
    .selectAll('a')
    .select(['r.name as registry_name', 'r.address'])
    .select(selectInForce('a').as('in_force'))
    .where(scope === 'all' ? sql<boolean>`true` : sql<boolean>`a.project = any(${scope}::text[])`);
}

type ArrivalRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;

/** The latest first. */
export async function listArrivals(
  parts: ArrivalParts,
  scope: ProjectScope,
  ask: ArrivalFilter,
): Promise<Page<Arrival>> {
  checkCursor(ask.cursor);
  let query = select(parts.database, scope);
  const exact = [
    ...([
      ['a.project', ask.project],
      ['r.name', ask.registry],
    ] as const),
    ...([
      ['a.repository', ask.repository],
      ['a.tag', ask.tag],
    ] as const),
    ['a.digest', ask.digest] as const,
  ];
  for (const [column, value] of exact) {
    if (value !== undefined) query = query.where(column, '=', value);
  }
  for (const [column, values] of [
    ['a.source', ask.source],
    ['a.state', ask.state],
    ['a.verdict', ask.verdict],
  ] as const) {
    if (values === undefined) continue;
    query = query.where(sql<boolean>`${sql.ref(column)} = any(${[...values]}::text[])`);
  }
  if (ask.id !== undefined) {
    const [first, last] = [ask.id.padEnd(idChars, '0'), ask.id.padEnd(idChars, 'z')];
    query = query.where('a.id', '>=', first).where('a.id', '<=', last);
  }
  if (ask.after !== undefined) query = query.where('a.id', '>', ask.after);
  if (ask.cursor !== undefined) query = query.where('a.id', '<', ask.cursor);
  const rows = await query
    .orderBy('a.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  const effects = await readEffectsOf(parts, page);
  return { items: page.map((row) => toArrival(row, effects)), next };
}

export async function readArrival(
  parts: ArrivalParts,
  scope: ProjectScope,
  id: string,
): Promise<Arrival> {
  const row = await select(parts.database, scope).where('a.id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no arrival ${id}`);
  const effects = await readEffectsOf(parts, [row]);
  return toArrival(row, effects);
}

type Effects = ReadonlyMap<string, DecisionEffect>;

function readEffectsOf(
  { database, readEffects }: ArrivalParts,
  rows: readonly ArrivalRow[],
): Promise<Effects> {
  return readEffects(
    database,
    // that of the arrival, and the one in force
    [
      ...new Set(rows.flatMap(({ decision, in_force: now }) => [decision, now?.decision ?? null])),
    ].filter((id) => id !== null),
  );
}

function toArrival(row: ArrivalRow, effects: Effects): Arrival {
  const inForce = toInForce(row.in_force);
  return {
    id: row.id,
    project: row.project,
    registry: row.registry_name,
    repository: row.repository,
    tag: row.tag,
    digest: row.digest,
    mediaType: row.media_type,
    reference: referenceOf(row.address, row),
    source: row.source as ArrivalSource,
    actor: row.actor,
    state: row.state as ArrivalState,
    verdict: row.verdict as VerdictState | null,
    inspections: row.inspections,
    attempts: row.attempts,
    problem: toProblem(row),
    pushedAt: toText(row.pushed_at),
    recordedAt: row.recorded_at.toISOString(),
    settledAt: toText(row.settled_at),
    decision: row.decision,
    action: row.action as DecisionAction | null,
    effect: effects.get(row.decision ?? '') ?? null,
    inForce:
      inForce === null ? null : { ...inForce, effect: effects.get(inForce.decision) ?? null },
  };
}
