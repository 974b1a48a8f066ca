/** Events about dead letters. */
import type { Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { DeadDelivery } from './delivery-store.ts';
import { isAboutTargets } from './match-event.ts';

/**
 * Reports dead letters of a target. Those of events about notifications are not reported:
 * otherwise two failing targets would report each other's failures without end.
 */
export async function reportDead(
  trx: Transaction<Database>,
  subject: string,
  { dead, reason }: { readonly dead: readonly DeadDelivery[]; readonly reason: string },
): Promise<void> {
  const reported = dead.filter(({ type }) => !isAboutTargets(type));
  if (reported.length === 0) return;
  const types = [...new Set(reported.map(({ type }) => type))];
  const data = { deliveries: reported.length, types, reason };
  await appendEvents(trx, [
    { type: 'notification.dead_lettered', subject, actor: 'watcher', data },
  ]);
}
