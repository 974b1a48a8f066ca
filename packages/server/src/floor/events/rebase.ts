/**
 * Events after a restore. A database that was restored into a new server starts its transaction ids
 * again, so the restored events would be in the future: hidden until the ids catch up, and readers
 * would skip all new events. They are moved before all new ones, so that each reader has the same
 * events before and after its position.
 */
import { sql, type Kysely } from 'kysely';

import { transaction, type Database } from '../db/index.ts';

/** Moves events and readers of another server. Returns whether there were any. */
export async function rebaseEvents(database: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ foreign: boolean }>`
    select exists (select from events
                   where transaction >= pg_snapshot_xmax(pg_current_snapshot()))
        or exists (select from event_readers
                   where transaction > pg_snapshot_xmax(pg_current_snapshot())) as foreign`.execute(
    database,
  );
  if (rows[0]?.foreign !== true) return false;
  await transaction(database, async (open) => {
    await sql`lock table events, event_readers in share row exclusive mode`.execute(open);
    // Within a range without a reader's position, ids alone keep the order. The first
    // three transaction ids are PostgreSQL's own and older than any other.
    await sql`
      update events set transaction = (3 + (
        select count(*) from event_readers as reader
        where (reader.transaction, reader.id) < (events.transaction, events.id)
      ))::text::xid8`.execute(open);
    await sql`
      update event_readers set id = 9223372036854775807, transaction = (3 + (
        select count(*) from event_readers as other
        where (other.transaction, other.id) < (event_readers.transaction, event_readers.id)
      ))::text::xid8`.execute(open);
  });
  return true;
}
