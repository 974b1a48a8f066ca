/**
 * The reader of the outbox that queues each event for the targets that want it, in the transaction
 * of its position: once for each target, whatever ends the process. Sending happens elsewhere, so
 * that no target delays another.
 */
import type { EventReader } from '../floor/events/index.ts';
import { queueDeliveries } from './delivery-store.ts';
import { createMatcher } from './match-event.ts';
import { listEnabled } from './target-store.ts';

/** `onHandled` is called when there may be something to send. */
export function notificationReader(onHandled: () => void): EventReader {
  return {
    name: 'notifications',
    start: 'now',
    giveUpAfter: 'never',
    onHandled,
    async handle(events, trx) {
      for (const { id, name, settings } of await listEnabled(trx)) {
        const wanted = events.filter(createMatcher(name, settings));
        if (wanted.length > 0) await queueDeliveries(trx, id, wanted);
      }
    },
  };
}
