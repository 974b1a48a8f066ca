/** Retention: how long and how many deliveries are stored, and how many bytes of dead letters. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { hookLimits } from './limits.ts';

/** Removes what is old or too much, some rows at a time; queued deliveries are never removed. */
export async function sweepDeliveries(database: Kysely<Database>): Promise<void> {
  await removeOld(database, 'processed', {
    days: hookLimits.processedDays,
    rows: hookLimits.processedPerHook,
  });
  await removeOld(database, 'dead', { days: hookLimits.deadDays, rows: hookLimits.deadPerHook });
  await sql`
    update hook_deliveries set content = null where id in (
      select id from (
        select id, sum(content_bytes) over (partition by hook order by id desc) as bytes
        from hook_deliveries where state = 'dead' and content is not null
      ) as sized where bytes > ${hookLimits.deadBytesPerHook}
    )`.execute(database);
}

async function removeOld(
  database: Kysely<Database>,
  state: 'processed' | 'dead',
  { days, rows }: { readonly days: number; readonly rows: number },
): Promise<void> {
  await sql`
    delete from hook_deliveries where id in (
      select id from (
        select id, received_at, row_number() over (partition by hook order by id desc) as position
        from hook_deliveries where state = ${state}
      ) as numbered
      where position > ${rows} or received_at < now() - ${days} * interval '1 day'
      limit ${hookLimits.sweepRows}
    )`.execute(database);
}
