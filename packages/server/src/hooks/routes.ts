/** HTTP of hooks: their configuration, what they received, and the addresses of registries. */
import { operations, type HookWithSecret } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { route, type Route } from '../floor/http/index.ts';
import { addHook } from './add-hook.ts';
import { removeHook, replayDelivery, updateHook } from './change-hook.ts';
import { listDeliveries, readDelivery } from './delivery-store.ts';
import type { HookReceiver } from './receive.ts';
import { listHooks, readHook } from './store.ts';
import { testHook, type TestParts } from './test-hook.ts';

export interface HookRouteParts extends TestParts {
  readonly database: Kysely<Database>;
  readonly receiver: HookReceiver;
  /** Where clients reach the server. */
  readonly publicUrl: () => string;
  readonly onEvents: () => void;
  /** Called when a delivery was queued. */
  readonly onDelivery: () => void;
}

export function hookRoutes(parts: HookRouteParts): Route[] {
  return [...configurationRoutes(parts), ...deliveryRoutes(parts), ...receivingRoutes(parts)];
}

function configurationRoutes(parts: HookRouteParts): Route[] {
  const { database, publicUrl, onEvents } = parts;
  const { hooks } = operations;
  const show = (name: string) => readHook(database, name, publicUrl());
  const showWithSecret = async (name: string, secret: string | null): Promise<HookWithSecret> => {
    const hook = await show(name);
    const secretUrl = hook.authentication === 'path' && secret !== null;
    return {
      ...hook,
      generatedSecret: secret,
      secretUrl: secretUrl ? `${hook.url}/${secret}` : null,
    };
  };
  return [
    route(hooks.list, ({ query }) => listHooks(database, { ...query, baseUrl: publicUrl() })),
    route(hooks.add, async ({ body }, { principal }) => {
      const context = { database, actor: principal.name, baseUrl: publicUrl() };
      const secret = await addHook(body, context);
      onEvents();
      return showWithSecret(body.name, secret);
    }),
    route(hooks.show, ({ params }) => show(params.name)),
    route(hooks.update, async ({ params, body }, { principal }) => {
      const secret = await updateHook(params.name, body, { database, actor: principal.name });
      onEvents();
      return showWithSecret(params.name, secret);
    }),
    route(hooks.remove, async ({ params }, { principal }) => {
      await removeHook(params.name, { database, actor: principal.name });
      onEvents();
    }),
    route(hooks.test, ({ params }, { signal }) => testHook(params.name, parts, signal)),
  ];
}

function deliveryRoutes({ database, onEvents, onDelivery }: HookRouteParts): Route[] {
  const { hooks } = operations;
  return [
    route(hooks.deliveries, ({ query }) => listDeliveries(database, query)),
    route(hooks.delivery, ({ params }) => readDelivery(database, params.id)),
    route(hooks.replay, async ({ params }, { principal }) => {
      await replayDelivery(params.id, { database, actor: principal.name });
      onEvents();
      onDelivery();
      return readDelivery(database, params.id);
    }),
  ];
}

function receivingRoutes({ receiver }: HookRouteParts): Route[] {
  const { hooks } = operations;
  return [
    route(hooks.receive, async ({ params }, context) => ({
      delivery: await receiver.receive({ path: params.path }, context),
    })),
    route(hooks.receiveWithSecret, async ({ params }, context) => ({
      delivery: await receiver.receive({ path: params.path }, context),
    })),
    route(hooks.checkImage, async (_, context) => ({
      delivery: await receiver.receive('check_image', context),
    })),
  ];
}
