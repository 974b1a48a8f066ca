/** Retention: how long and how many deliveries wait and are stored. */
import { sql, type Kysely } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { expireQueued } from './delivery-store.ts';
import { notificationLimits } from './limits.ts';
import { reportDead } from './report-dead.ts';

/** Removes what is old or too much, some rows at a time. Returns whether there are new events. */
export async function sweepDeliveries(database: Kysely<Database>): Promise<boolean> {
  const expired = await transaction(database, async (trx) => {
    const dead = await expireQueued(trx);
    for (const id of new Set(dead.map(({ target }) => target))) {
      const own = dead.filter(({ target }) => target === id);
      const { name } = await trx
        .updateTable('notification_targets')
        .set({ dead: sql<number>`dead + ${own.length}` })
        .where('id', '=', id)
        .returning('name')
        .executeTakeFirstOrThrow();
      await reportDead(trx, name, { dead: own, reason: 'waited too long, or too many waited' });
    }
    return dead.length;
  });
  const { deliveredDays, deliveredPerTarget, deadDays, deadPerTarget } = notificationLimits;
  await removeOld(database, 'delivered', { days: deliveredDays, rows: deliveredPerTarget });
  await removeOld(database, 'dead', { days: deadDays, rows: deadPerTarget });
  return expired > 0;
}

async function removeOld(
  database: Kysely<Database>,
  state: 'delivered' | 'dead',
  { days, rows }: { readonly days: number; readonly rows: number },
): Promise<void> {
  await sql`
    delete from notification_deliveries where id in (
      select id from (
        select id, finished_at,
          row_number() over (partition by target order by number desc) as position
        from notification_deliveries where state = ${state}
      ) as numbered
      where position > ${rows} or finished_at < now() - ${days} * interval '1 day'
      limit ${notificationLimits.sweepRows}
    )`.execute(database);
}
