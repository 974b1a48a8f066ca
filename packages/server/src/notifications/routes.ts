/** HTTP of targets and deliveries. */
import { limits, operations } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { route, type CallContext, type Route } from '../floor/http/index.ts';
import {
  addTarget,
  changeTarget,
  removeTarget,
  resume,
  type ChangeContext,
} from './change-target.ts';
import { listDeliveries, readDelivery, requeueDead, requeueDelivery } from './delivery-store.ts';
import { findTarget, listTargets, readTarget } from './target-store.ts';
import { testTarget, type TestParts } from './test-target.ts';

export interface NotificationParts extends TestParts {
  /** Delivers events at once, and sends what waits. */
  readonly onChange: () => void;
}

const { notifications } = operations;

export function notificationRoutes(parts: NotificationParts): Route[] {
  return [...targetRoutes(parts), ...deliveryRoutes(parts)];
}

function changeContext({ database }: NotificationParts, { principal }: CallContext): ChangeContext {
  return { database, actor: principal.name, source: 'api' };
}

function targetRoutes(parts: NotificationParts): Route[] {
  const { database, onChange } = parts;
  return [
    route(notifications.list, ({ query }) => listTargets(database, query)),
    route(notifications.add, async ({ body }, context) => {
      const { name, kind, ...settings } = body;
      await addTarget({ name, kind, settings }, changeContext(parts, context));
      onChange();
      return readTarget(database, name);
    }),
    route(notifications.show, ({ params }) => readTarget(database, params.name)),
    route(notifications.update, async ({ params, body }, context) => {
      const target = await findTarget(database, params.name);
      await changeTarget(target, body, changeContext(parts, context));
      onChange();
      return readTarget(database, params.name);
    }),
    route(notifications.remove, async ({ params }, context) => {
      const target = await findTarget(database, params.name);
      await removeTarget(target, changeContext(parts, context));
      onChange();
    }),
    route(notifications.test, async ({ params }, { principal, signal }) => {
      const target = await findTarget(database, params.name);
      const result = await testTarget(parts, target, { actor: principal.name, signal });
      onChange();
      return result;
    }),
    route(notifications.resume, async ({ params }, { principal }) => {
      await resume(params.name, { database, actor: principal.name });
      onChange();
      return readTarget(database, params.name);
    }),
  ];
}

function deliveryRoutes({ database, onChange }: NotificationParts): Route[] {
  return [
    route(notifications.deliveries, ({ query }) => listDeliveries(database, query)),
    route(notifications.delivery, ({ params }) => readDelivery(database, params.id)),
    route(notifications.replay, async ({ params: { id } }, { principal }) => {
      await transaction(database, async (trx) => {
        const { target: subject } = await requeueDelivery(trx, id);
        const event = { type: 'notification.replayed', subject, actor: principal.name } as const;
        await appendEvents(trx, [{ ...event, data: { delivery: id } }]);
      });
      onChange();
      return readDelivery(database, id);
    }),
    route(notifications.replayAll, async ({ params: { name } }, { principal }) => {
      const replayed = await transaction(database, async (trx) => {
        const { id } = await findTarget(trx, name);
        const count = await requeueDead(trx, id, limits.notificationReplayItems);
        const event = { type: 'notification.replayed', subject: name } as const;
        const data = { deliveries: count };
        if (count > 0) await appendEvents(trx, [{ ...event, actor: principal.name, data }]);
        return count;
      });
      onChange();
      return { replayed };
    }),
  ];
}
