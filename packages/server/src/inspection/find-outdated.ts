/** Images whose report was made with other scanners, rules, lists or advisories than the newest. */
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

/** Of the newest report that all scanners contributed to; undefined without any. */
export async function readScanConfig(database: Kysely<Database>): Promise<string | undefined> {
  const row = await database
    .selectFrom('images')
    .select('scan_config_digest')
    .where('scan_config_digest', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.scan_config_digest ?? undefined;
}

/** Those of the images of a project with another configuration. Incomplete reports do not count. */
export async function findOutdated(
  trx: Transaction<Database>,
  about: { readonly project: string; readonly digests: readonly string[] },
  config: string,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ digest: string }>`
    select digest from images
    where project = ${about.project} and digest = any(${[...about.digests]}::text[])
      and scan_config_digest <> ${config}`.execute(trx);
  return new Set(rows.map(({ digest }) => digest));
}

/** Inspections that this actor requested and that wait or run. */
export async function countRequested(
  database: Kysely<Database> | Transaction<Database>,
  actor: string,
): Promise<number> {
  const { count } = await database
    .selectFrom('inspections')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('state', 'in', ['queued', 'running'])
    .where('requested_by', '=', actor)
    .executeTakeFirstOrThrow();
  return count;
}
