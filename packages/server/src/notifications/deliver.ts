/**
 * Sending of what waits. One process at a time sends to a target, under a lease that every attempt
 * extends, the oldest delivery first. When the target fails, everything for it waits for the next
 * attempt with growing pauses; a message that it does not accept becomes a dead letter, and the
 * next one follows. What a killed process sent and did not record is sent again.
 */
import { jitteredBackoffMs } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { markDelivered, markFailed, readQueued, type QueuedDelivery } from './delivery-store.ts';
import { notificationLimits } from './limits.ts';
import { createMessage } from './message.ts';
import { openSender } from './open-sender.ts';
import { reportDead } from './report-dead.ts';
import type { Sender, SendParts, SendResult } from './sender.ts';
import { healthy, targetColumns, toTarget, type Target } from './target-store.ts';

export interface DeliverParts extends SendParts {
  readonly database: Kysely<Database>;
  readonly random: () => number;
  readonly onEvents: () => void;
}

interface Leased {
  readonly target: Target;
  readonly fence: string;
}

const leaseEnd = sql<Date>`now() + ${notificationLimits.leaseMs} * interval '1 millisecond'`;

/** The target that waits for the longest time; undefined when none is due. */
export async function claimTarget(database: Kysely<Database>): Promise<Leased | undefined> {
  const fence = newId();
  const due = sql<string>`(
    select t.id from notification_targets t
    where t.enabled and t.paused_at is null and t.retry_at <= now()
      and (t.lease_until is null or t.lease_until < now())
      and exists (
        select from notification_deliveries d where d.target = t.id and d.state = 'queued'
          and d.queued_at <= now() - t.digest_seconds * interval '1 second')
    order by t.retry_at, t.id limit 1 for update skip locked)`;
  const row = await database
    .updateTable('notification_targets')
    .set({ fence, lease_until: leaseEnd })
    .where('id', '=', due)
    .returning([...targetColumns])
    .executeTakeFirst();
  return row === undefined ? undefined : { target: toTarget(row), fence };
}

/** Sends until nothing waits, the target fails, or others should have their turn. */
export async function sendTurn(
  parts: DeliverParts,
  leased: Leased,
  signal: AbortSignal,
): Promise<void> {
  const { target } = leased;
  const sender = openSender(target, parts);
  try {
    let sent = 0;
    while (sent < notificationLimits.deliveriesPerTurn && !signal.aborted) {
      const batch = await nextBatch(parts.database, leased);
      if (batch.length === 0) break;
      const isUsable = await attempt({ parts, leased, sender, batch, signal });
      parts.onEvents();
      if (!isUsable) break;
      sent += batch.length;
    }
  } finally {
    await sender.close();
    await release(parts.database, leased);
  }
}

/** Extends the lease; empty when nothing waits, or the lease is lost. */
async function nextBatch(
  database: Kysely<Database>,
  { target, fence }: Leased,
): Promise<QueuedDelivery[]> {
  const { numUpdatedRows } = await database
    .updateTable('notification_targets')
    .set({ lease_until: leaseEnd })
    .where('id', '=', target.id)
    .where('fence', '=', fence)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return [];
  const most = isTogether(target) ? notificationLimits.eventsPerDigest : 1;
  return readQueued(database, target.id, most);
}

/** Whether several events are sent at once: in a mail, or appended to a file. */
function isTogether({ kind, settings }: Target): boolean {
  return settings.digest > 0 || (kind === 'file' && settings.layout === 'events');
}

interface Attempt {
  readonly parts: DeliverParts;
  readonly leased: Leased;
  readonly sender: Sender;
  readonly batch: readonly QueuedDelivery[];
  readonly signal: AbortSignal;
}

/** Whether more can be sent now. */
async function attempt({ parts, leased, sender, batch, signal }: Attempt): Promise<boolean> {
  const messages = batch.map(({ id, event }) => createMessage(id, event, parts.publicUrl));
  let result: SendResult;
  try {
    result = await sender.send(messages, signal);
  } catch (error) {
    // The process stops: the attempt does not count.
    if (signal.aborted) return false;
    throw error;
  }
  const ids = batch.map(({ id }) => id);
  await transaction(parts.database, (trx) =>
    result.outcome === 'delivered'
      ? recordSuccess(trx, leased.target, { ids, result })
      : recordFailure(trx, leased, { ids, result, random: parts.random }),
  );
  return result.outcome === 'delivered' || result.outcome === 'rejected';
}

interface Recorded {
  readonly ids: readonly string[];
  readonly result: SendResult;
}

async function recordSuccess(
  trx: Transaction<Database>,
  { id }: Target,
  { ids, result }: Recorded,
): Promise<void> {
  // The target before its deliveries, in the order of a removal: otherwise both wait for the other.
  await trx
    .updateTable('notification_targets')
    .set({ ...healthy, last_delivered_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute();
  const count = await markDelivered(trx, ids, result);
  await trx
    .updateTable('notification_targets')
    .set({ delivered: sql<number>`delivered + ${count}` })
    .where('id', '=', id)
    .execute();
}

/** Not recorded when the lease was lost: the target was changed, resumed or removed meanwhile. */
async function recordFailure(
  trx: Transaction<Database>,
  { target, fence }: Leased,
  { ids, result, random }: Recorded & { readonly random: () => number },
): Promise<void> {
  const row = await trx
    .selectFrom('notification_targets')
    .select(['failures', 'failing_since'])
    .where('id', '=', target.id)
    .where('fence', '=', fence)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return;
  const { outcome, status, detail } = result;
  const isFinal = outcome === 'rejected';
  const dead = await markFailed(trx, ids, { status, detail, isFinal });
  const counted = { failed: sql<number>`failed + 1`, dead: sql<number>`dead + ${dead.length}` };
  const changes = isFinal ? counted : { ...counted, ...failing(row.failures, result, random) };
  const { paused_at: paused } = await trx
    .updateTable('notification_targets')
    .set(changes)
    .where('id', '=', target.id)
    .returning('paused_at')
    .executeTakeFirstOrThrow();
  await reportDead(trx, target.name, { dead, reason: detail });
  if (paused === null) return;
  const event = { type: 'notification.target_paused', subject: target.name } as const;
  const data = { failures: row.failures + 1, reason: detail };
  await appendEvents(trx, [{ ...event, actor: 'watcher', data }]);
}

/** The columns of a target that failed once more. */
function failing(failures: number, result: SendResult, random: () => number) {
  const { retryInitialMs, retryMaxMs, retryAfterMsMax } = notificationLimits;
  const bounds = { initialMs: retryInitialMs, maxMs: retryMaxMs };
  const backoffMs = jitteredBackoffMs(failures, bounds, random);
  const askedMs = Math.min(result.afterMs ?? 0, retryAfterMsMax);
  const delayMs = Math.round(Math.max(backoffMs, askedMs));
  const mayPause = result.outcome === 'gone' || failures + 1 >= notificationLimits.pauseFailures;
  const longMs = result.outcome === 'gone' ? 0 : notificationLimits.pauseMs;
  return {
    failures: failures + 1,
    problem: result.detail,
    failing_since: sql<Date>`coalesce(failing_since, now())`,
    retry_at: sql<Date>`now() + ${delayMs} * interval '1 millisecond'`,
    paused_at: sql<Date | null>`case when ${mayPause}
      and coalesce(failing_since, now()) <= now() - ${longMs} * interval '1 millisecond'
      then now() end`,
  };
}

/** Others that are due at the same time are next. */
async function release(database: Kysely<Database>, { target, fence }: Leased): Promise<void> {
  await database
    .updateTable('notification_targets')
    .set({
      ...{ fence: null, lease_until: null },
      retry_at: sql<Date>`greatest(retry_at, now())`,
    })
    .where('id', '=', target.id)
    .where('fence', '=', fence)
    .execute();
}
