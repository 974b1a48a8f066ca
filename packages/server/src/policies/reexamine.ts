/**
 * Inspects stored images again when scanners, rules, lists or advisories have changed, as the
 * newest report shows: a few at a time, behind all other inspections, the newest arrival first.
 * What is cached for the new configuration is not read again. The new report is judged.
 */
import { Problem } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import {
  countRequested,
  findOutdated,
  inspectionPriorities,
  readScanConfig,
  requestWithin,
  type InspectionQueue,
} from '../inspection/index.ts';
import { readWatched, referenceOf } from '../registries/index.ts';
import { judgingLimits } from './limits.ts';

export interface ReexamineParts {
  readonly database: Kysely<Database>;
  readonly queue: InspectionQueue;
}

/** The actor of the inspections. */
const actor = 'reexamination';

interface Row {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly project: string;
  readonly images: readonly string[];
  readonly tag: string | null;
}

/** One step. Returns how many images were looked at; 0 when there is nothing left to do. */
export async function reexamineOutdated({ database, queue }: ReexamineParts): Promise<number> {
  const config = await readScanConfig(database);
  if (config === undefined) return 0;
  const room = judgingLimits.reexaminedAtOnce - (await countRequested(database, actor));
  if (room <= 0) return 0;
  try {
    return await transaction(database, async (trx) => {
      const rows = await lockNext(trx, config, room);
      for (const row of rows) await requestAgain(trx, { row, config, queue });
      await markReexamined(trx, rows, config);
      return rows.length;
    });
  } catch (error) {
    // The queue of inspections is full of what others asked for.
    if (error instanceof Problem && error.code === 'too_many_requests') return 0;
    throw error;
  }
}

/** Images that were last looked at for another configuration than that of the newest report. */
export async function countToReexamine(
  database: Kysely<Database>,
  scope: ProjectScope,
): Promise<number> {
  const config = await readScanConfig(database);
  if (config === undefined) return 0;
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from decisions_in_force
    where not is_part and images <> '{}' and reexamined <> ${config}
      and ${scope === 'all' ? sql`true` : sql`project = any(${[...scope]}::text[])`}
    `.execute(database);
  return rows[0]?.count ?? 0;
}

/** Each once for a configuration, and not more often than the limit allows. */
async function lockNext(
  trx: Transaction<Database>,
  config: string,
  limit: number,
): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    select f.registry, f.repository, f.digest, f.project, f.images, d.tags[1] as tag
    from decisions_in_force f join decisions d on d.id = f.decision
    where not f.is_part and f.images <> '{}' and f.reexamined is distinct from ${config}
      and (f.reexamined_at is null
        or f.reexamined_at < now() - ${judgingLimits.reexamineMs} * interval '1 millisecond')
    order by f.arrival desc limit ${limit}
    for update of f skip locked`.execute(trx);
  return rows;
}

async function requestAgain(
  trx: Transaction<Database>,
  { row, config, queue }: { readonly row: Row; readonly config: string; queue: InspectionQueue },
): Promise<void> {
  const { project, images } = row;
  const outdated = await findOutdated(trx, { project, digests: images }, config);
  const registry = outdated.size === 0 ? undefined : await readWatched(trx, row.registry);
  if (registry === undefined) return;
  const reference = referenceOf(registry.address, row);
  const about = { queue, project, actor, priority: inspectionPriorities.backlog };
  for (const platform of registry.settings.platforms) {
    await requestWithin(trx, { reference, platform, force: false }, about);
  }
}

async function markReexamined(
  trx: Transaction<Database>,
  rows: readonly Row[],
  config: string,
): Promise<void> {
  if (rows.length === 0) return;
  const places = rows.map(({ registry, repository, digest }) => ({ registry, repository, digest }));
  await sql`
    update decisions_in_force f set reexamined = ${config}, reexamined_at = now()
    from json_to_recordset(${JSON.stringify(places)})
      as p (registry text, repository text, digest text)
    where f.registry = p.registry and f.repository = p.repository collate "C"
      and f.digest = p.digest and not f.is_part`.execute(trx);
}
