/**
 * Processing of stored deliveries, oldest first for each hook. What a delivery leads to and its new
 * state are one transaction: killed at any moment, it is processed again or was processed. One that
 * fails is retried with growing pauses while later ones go on, and becomes a dead letter at last.
 */
import { jitteredBackoffMs, type DeliveredEvent, type HookKind } from '@lazaret/protocol';
import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import {
  finishDelivery,
  isRepeated,
  lockDueHook,
  postponeDelivery,
  readDue,
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

/** What became of an event. */
export type EventOutcome = Pick<DeliveredEvent, 'outcome' | 'detail' | 'arrival'>;

/** Reports an event to the registry that it happened in, within the transaction of the delivery. */
export type RecordEvent = (
  trx: Transaction<Database>,
  registry: string,
  event: RegistryEvent,
) => Promise<EventOutcome>;

export interface ProcessingParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly onEvents: () => void;
}

/** Processes until nothing is due. */
export async function processDeliveries(
  parts: ProcessingParts,
  signal: AbortSignal,
): Promise<void> {
  let count: number = hookLimits.batchDeliveries;
  while (!signal.aborted) {
    const done = await processBatch(parts, count);
    if (done === 'none') return;
    // After a failure the deliveries are processed one by one, so that only the bad one waits.
    count = done === 'failed' && count > 1 ? 1 : hookLimits.batchDeliveries;
  }
}

async function processBatch(
  parts: ProcessingParts,
  count: number,
): Promise<'none' | 'done' | 'failed'> {
  let current: DeliveryRow | undefined;
  try {
    const found = await transaction(parts.database, async (trx) => {
      const hookId = await lockDueHook(trx);
      const hook = hookId === undefined ? undefined : await readHookById(trx, hookId);
      if (hook === undefined) return false;
      for (const delivery of await readDue(trx, hook.id, count)) {
        current = delivery;
        await processOne(trx, { ...parts, hook, delivery });
      }
      return true;
    });
    if (!found) return 'none';
    parts.onEvents();
    return 'done';
  } catch (error) {
    if (current === undefined) throw error;
    if (count === 1) await handleFailure(parts, current, error);
    return 'failed';
  }
}

interface OneDelivery extends ProcessingParts {
  readonly hook: HookRow;
  readonly delivery: DeliveryRow;
}

async function processOne(trx: Transaction<Database>, one: OneDelivery): Promise<void> {
  const { hook, delivery } = one;
  const read = readContent(hook, delivery);
  const isOld = read.events.some(({ eventId }) => eventId === null)
    ? await isRepeated(trx, delivery)
    : false;
  const events: DeliveredEvent[] = [];
  for (const event of read.events) {
    // The same content again may be another push: then the tag says what it points to now.
    const isVague = isOld && event.eventId === null && event.tag !== null;
    const asked = isVague ? { ...event, digest: null } : event;
    events.push({ ...event, ...(await recordOne(trx, one, asked)) });
  }
  const dead = describeUnknown(read.ignored);
  const ignored = countReasons(read.ignored);
  await finishDelivery(trx, delivery.id, { events, ignored, dead });
  if (dead === undefined) return;
  const { name: subject, project } = hook;
  const data = { delivery: delivery.id, reason: dead };
  await appendEvents(trx, [
    { type: 'hook.dead_lettered', subject, project, actor: 'watcher', data },
  ]);
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
  trx: Transaction<Database>,
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
  return record(trx, hook.registry, event);
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
async function handleFailure(
  { database, log, onEvents }: ProcessingParts,
  delivery: DeliveryRow,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message.slice(0, hookLimits.headerChars) : 'error';
  const attempts = delivery.attempts + 1;
  log.warn({ err: error, delivery: delivery.id, attempts }, 'notification not processed');
  if (attempts < hookLimits.attempts) {
    const bounds = { initialMs: hookLimits.retryInitialMs, maxMs: hookLimits.retryMaxMs };
    const delayMs = jitteredBackoffMs(attempts, bounds, Math.random);
    await postponeDelivery(database, delivery.id, { reason, delayMs });
    return;
  }
  await transaction(database, async (trx) => {
    const hook = await readHookById(trx, delivery.hook);
    if (hook === undefined) return;
    const dead = `failed ${attempts} times: ${reason}`;
    await finishDelivery(trx, delivery.id, { events: [], ignored: [], dead });
    const { name: subject, project } = hook;
    const data = { delivery: delivery.id, reason: dead };
    await appendEvents(trx, [
      { type: 'hook.dead_lettered', subject, project, actor: 'watcher', data },
    ]);
  });
  onEvents();
}
