/**
 * Processing of stored deliveries, oldest first for each hook, by one process at a time. An event
 * is recorded and then its delivery is finished; killed in between, the delivery is processed again
 * and recording its event a second time changes nothing. A delivery that fails is retried with
 * growing pauses while later ones continue, and becomes a dead letter at last.
 */
import { jitteredBackoffMs, type DeliveredEvent, type HookKind } from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import {
  addTotals,
  finishDelivery,
  isRepeated,
  lockDueHook,
  postponeDelivery,
  readDue,
  type DeliveryResult,
  type DeliveryRow,
} from './delivery-store.ts';
import { hookLimits } from './limits.ts';
import { shapes } from './shapes/all-shapes.ts';
import {
  notification,
  unknown,
  type IgnoredEvent,
  type Notification,
  type RegistryEvent,
} from './shapes/notification.ts';
import { readHookById, type HookRow } from './store.ts';

/** The result of an event. */
export type EventOutcome = Pick<DeliveredEvent, 'outcome' | 'detail' | 'arrival'>;

/** Reports an event to the registry that it happened in; the same event again changes nothing. */
export type RecordEvent = (registry: string, event: RegistryEvent) => Promise<EventOutcome>;

export interface ProcessingParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly onEvents: () => void;
}

/**
 * Processes some deliveries of one hook; false if none is due that no other process works on.
 */
export async function processBatch(
  { onEvents, ...parts }: ProcessingParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { database } = parts;
  // The transaction is only the lock of the hook; each delivery is finished by itself.
  const found = await transaction(database, async (lock) => {
    const hookId = await lockDueHook(lock);
    const hook = hookId === undefined ? undefined : await readHookById(lock, hookId);
    if (hook === undefined) return false;
    const due = await readDue(database, hook.id);
    for (const delivery of due) {
      if (signal.aborted) return false;
      await processOne({ ...parts, hook, delivery });
    }
    // In the transaction that has the row of the hook; killed before, only totals miss them.
    await addTotals(lock, hook.id, due);
    return true;
  });
  if (found) onEvents();
  return found;
}

interface OneDelivery extends Omit<ProcessingParts, 'onEvents'> {
  readonly hook: HookRow;
  readonly delivery: DeliveryRow;
}

async function processOne(one: OneDelivery): Promise<void> {
  try {
    await finish(one, await recordDelivery(one));
  } catch (error) {
    await handleFailure(one, error);
  }
}

async function recordDelivery(one: OneDelivery): Promise<DeliveryResult> {
  const { hook, delivery, database } = one;
  const read = readContent(hook, delivery);
  const isOld = read.events.some(({ eventId }) => eventId === null)
    ? await isRepeated(database, delivery)
    : false;
  const events: DeliveredEvent[] = [];
  for (const event of read.events) {
    // The same content again may be another push: then the tag says what it points to now.
    const isVague = isOld && event.eventId === null && event.tag !== null;
    const asked = isVague ? { ...event, digest: null } : event;
    events.push({ ...event, ...(await recordOne(one, asked)) });
  }
  const dead = describeUnknown(read.ignored);
  return { events, ignored: countReasons(read.ignored), dead };
}

async function finish(
  { database, hook, delivery }: OneDelivery,
  result: DeliveryResult,
): Promise<void> {
  const { dead } = result;
  // Most deliveries report blobs and pulls: one statement for each of those.
  if (dead === undefined) return finishDelivery(database, delivery.id, result);
  await transaction(database, async (trx) => {
    await finishDelivery(trx, delivery.id, result);
    const { name: subject, project } = hook;
    const data = { delivery: delivery.id, reason: dead };
    await appendEvents(trx, [
      { type: 'hook.dead_lettered', subject, project, actor: 'watcher', data },
    ]);
  });
}

function readContent(hook: HookRow, { content, headers }: DeliveryRow): Notification {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    return notification([unknown(`the content encoding ${encoding} is not supported`)]);
  }
  const values = Object.entries(headers).map(([name, value]) => [name, [value]] as const);
  return shapes[hook.kind as HookKind]({
    headers: Object.fromEntries(values),
    content: content ?? Buffer.alloc(0),
    registry: hook.registry_address,
  });
}

async function recordOne(
  { hook, delivery, record }: OneDelivery,
  event: RegistryEvent,
): Promise<EventOutcome> {
  if (delivery.test) {
    return { outcome: 'test', detail: 'a test delivery records nothing', arrival: null };
  }
  if (event.actor !== null && hook.ignore_actors.includes(event.actor)) {
    const detail = `the hook ignores what ${event.actor} does`;
    return { outcome: 'ignored', detail, arrival: null };
  }
  return record(hook.registry, event);
}

function describeUnknown(ignored: readonly IgnoredEvent[]): string | undefined {
  const [first, ...others] = ignored.filter((one) => one.unknown);
  if (first === undefined) return undefined;
  return others.length === 0 ? first.reason : `${first.reason} (and ${others.length} more)`;
}

function countReasons(
  ignored: readonly IgnoredEvent[],
): { readonly reason: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of ignored) {
    const isFull = counts.size >= hookLimits.ignoredReasons && !counts.has(reason);
    const key = isFull ? 'other reasons' : reason;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Array.from(counts, ([reason, count]) => ({ reason, count }));
}

/** Retries later, or gives up and leaves a dead letter that can be replayed. */
async function handleFailure(one: OneDelivery, error: unknown): Promise<void> {
  const { database, log, delivery } = one;
  const reason = error instanceof Error ? error.message.slice(0, hookLimits.headerChars) : 'error';
  const attempts = delivery.attempts + 1;
  log.warn({ err: error, delivery: delivery.id, attempts }, 'notification not processed');
  if (attempts < hookLimits.attempts) {
    const bounds = { initialMs: hookLimits.retryInitialMs, maxMs: hookLimits.retryMaxMs };
    const delayMs = jitteredBackoffMs(attempts, bounds, Math.random);
    await postponeDelivery(database, delivery.id, { reason, delayMs });
    return;
  }
  const dead = `failed ${attempts} times: ${reason}`;
  await finish(one, { events: [], ignored: [], dead });
}
