/** For policies: arrivals and tags: those that settled without a decision, and their places. */
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

/** An arrival whose inspections have ended, and that no policy has decided about. */
export interface UndecidedArrival {
  readonly id: string;
  readonly project: string;
  readonly registry: string;
  readonly registryName: string;
  readonly address: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string;
  readonly inspections: readonly string[];
  readonly problem: { readonly code: string; readonly detail: string } | undefined;
}

/** Locked until the end of the transaction, the latest first; others skip them. */
export async function lockUndecided(
  trx: Transaction<Database>,
  limit: number,
): Promise<UndecidedArrival[]> {
  const { rows } = await sql<{
    id: string;
    project: string;
    registry: string;
    registryName: string;
    address: string;
    repository: string;
    tag: string | null;
    digest: string;
    inspections: string[];
    code: string | null;
    detail: string | null;
  }>`
    select a.id, a.project, a.registry, r.name as "registryName", r.address, a.repository, a.tag,
      a.digest, a.inspections, a.problem_code as code, a.problem_detail as detail
    from arrivals a join registries r on r.id = a.registry
    where a.decision is null and a.settled_at is not null
    order by a.id desc limit ${limit}
    for update of a skip locked`.execute(trx);
  return rows.map(({ code, detail, ...row }) => ({
    ...row,
    problem: code === null ? undefined : { code, detail: detail ?? '' },
  }));
}

export interface DecidedArrival {
  readonly arrival: string;
  readonly decision: string;
  readonly action: string;
}

export async function markDecided(
  trx: Transaction<Database>,
  decided: readonly DecidedArrival[],
): Promise<void> {
  await sql`
    update arrivals set decision = d.decision, action = d.action
    from json_to_recordset(${JSON.stringify(decided)})
      as d (arrival text, decision text, action text)
    where arrivals.id = d.arrival`.execute(trx);
}

/** A digest in a repository of a registry. */
export interface Place {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

/** One text for a place, as a key of a map. */
export function placeKey({ registry, repository, digest }: Place): string {
  return `${registry} ${repository} ${digest}`;
}

/** The tags that have a digest now, in the order of their names; by `placeKey`. */
export async function readTagsOf(
  database: Kysely<Database> | Transaction<Database>,
  places: readonly Place[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<Place & { readonly tags: string[] }>`
    select p.registry, p.repository, p.digest, array_agg(t.tag order by t.tag) as tags
    from (select distinct * from json_to_recordset(${JSON.stringify(places)})
      as p (registry text, repository text, digest text)) p
    join registry_tags t on t.registry = p.registry and t.repository = p.repository collate "C"
      and t.digest = p.digest and t.present
    group by 1, 2, 3`.execute(database);
  return new Map(rows.map((row) => [placeKey(row), row.tags]));
}

export interface RegistryPlace {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

export async function readRegistryPlaces(
  database: Kysely<Database> | Transaction<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RegistryPlace>> {
  const rows = await database
    .selectFrom('registries')
    .select(['id', 'name', 'address'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** How many settled arrivals have waited for a decision for longer than this. */
export async function countUndecided(database: Kysely<Database>, olderMs: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from arrivals
    where decision is null and settled_at < now() - ${olderMs} * interval '1 millisecond'
  `.execute(database);
  return rows[0]?.count ?? 0;
}
