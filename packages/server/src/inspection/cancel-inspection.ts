/**
 * Cancels an inspection: a queued one ends at once; for a running one its inspector is signalled.
 */
import { sql, type Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { InspectionQueue } from './queue.ts';

/** Idempotent: one that has ended, or is being cancelled, is unchanged. */
export async function cancelInspection(
  parts: { readonly database: Kysely<Database>; readonly queue: InspectionQueue },
  id: string,
  actor: string,
): Promise<void> {
  await transaction(parts.database, async (trx) => {
    const row = await trx
      .selectFrom('inspections')
      .select(['state', 'project', 'queue_id', 'cancel_requested_at', 'reference'])
      .select(sql<boolean>`coalesce(lease_until < now(), true)`.as('is_idle'))
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined || !['queued', 'running'].includes(row.state)) return;
    if (row.cancel_requested_at !== null && !row.is_idle) return;
    const waits = row.state === 'queued' || row.is_idle;
    const ended = { state: 'cancelled', phase: 'ended', finished_at: sql<Date>`now()` };
    await trx
      .updateTable('inspections')
      .set({ cancel_requested_at: sql<Date>`now()`, ...(waits && { ...ended, fence: null }) })
      .where('id', '=', id)
      .execute();
    if (waits) await parts.queue.remove(trx, row.queue_id);
    const { project, reference } = row;
    await appendEvents(trx, [
      { type: 'inspection.cancelled', subject: id, actor, project, data: { reference } },
    ]);
  });
}
