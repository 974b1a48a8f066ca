/** HTTP of watched registries and arrivals. */
import type { SharedRates } from '@lazaret/analysis';
import { operations, Problem, type Arrival, type Page, type Registry } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { readIdempotencyKey, route, type CallContext, type Route } from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import { chooseProject, projectsWith, requirePermission } from '../floor/principal.ts';
import type { SliceContext } from '../floor/slice.ts';
import { readArrivalActivity } from './arrival-activity.ts';
import {
  addRegistry,
  changeRegistry,
  removeRegistry,
  type ChangeContext,
} from './change-registry.ts';
import { checkRegistry, type CheckParts } from './check-registry.ts';
import { withWholeDigest } from './complete-digest.ts';
import type { ConnectionParts, WatchedRegistry } from './connection.ts';
import {
  listArrivals,
  readArrival,
  type ArrivalFilter,
  type ArrivalParts,
} from './read-arrivals.ts';
import { listHistory, listRepositories, listTags } from './read-tags.ts';
import { recordPush } from './record-push.ts';
import {
  findRegistry,
  isSettled,
  listRegistries,
  readRegistry,
  type RegistryKey,
} from './store.ts';
import { arrivalsChanged } from './watcher.ts';

export interface RegistryParts
  extends ConnectionParts, Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'wake'> {
  readonly database: Kysely<Database>;
  readonly sharedRates: SharedRates;
  readonly dockerHost: string;
  readonly checkNotifications: CheckParts['checkNotifications'] & {};
  readonly readEffects: ArrivalParts['readEffects'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const { registries, arrivals } = operations;

export function registryRoutes(parts: RegistryParts): Route[] {
  return [...settingRoutes(parts), ...contentRoutes(parts), ...arrivalRoutes(parts)];
}

/** The registry, if the caller may read it. */
function find(
  { database }: RegistryParts,
  { principal }: CallContext,
  key: RegistryKey,
): Promise<WatchedRegistry> {
  return findRegistry(database, projectsWith(principal, 'registries.read'), key);
}

function changeContext(parts: RegistryParts, { principal }: CallContext): ChangeContext {
  const { database, directory } = parts;
  return { database, directory, actor: principal.name, source: 'api' };
}

function settingRoutes(parts: RegistryParts): Route[] {
  const { database, onEvents, wake } = parts;
  const changed = (): void => {
    onEvents();
    wake('watcher');
  };
  return [
    route(registries.list, ({ query }, { principal }) =>
      listRegistries(database, projectsWith(principal, 'registries.read'), query),
    ),
    route(registries.add, async ({ body }, context) => {
      const { name, address, project: asked, ...settings } = body;
      const project = chooseProject(context.principal, 'registries.manage', asked);
      const added = { name, address, project, settings };
      const id = await addRegistry(added, changeContext(parts, context));
      changed();
      return readRegistry(database, id);
    }),
    route(registries.show, async ({ params, query }, context) => {
      const { id } = await find(parts, context, { ...params, ...query });
      return waitForPoll(parts, context, { id, waitMs: query.waitSeconds * 1_000 });
    }),
    route(registries.update, async ({ params, query, body }, context) => {
      const found = await find(parts, context, { ...params, ...query });
      await changeRegistry(found, body, changeContext(parts, context));
      changed();
      return readRegistry(database, found.id);
    }),
    route(registries.remove, async ({ params, query }, context) => {
      const found = await find(parts, context, { ...params, ...query });
      await removeRegistry(found, changeContext(parts, context));
      changed();
    }),
    route(registries.check, async ({ params, query }, context) => {
      const found = await find(parts, context, { ...params, ...query });
      const caller = { actor: context.principal.name, signal: context.signal };
      const results = await checkRegistry(parts, found, caller);
      onEvents();
      return results;
    }),
    route(registries.sync, async ({ params, query }, context) => {
      const { id, name, settings } = await find(parts, context, { ...params, ...query });
      if (!settings.enabled) {
        throw new Problem('conflict', `the registry ${name} is disabled: enable it first`);
      }
      await database
        .updateTable('registries')
        .set({ next_poll_at: sql<Date>`now()` })
        .where('id', '=', id)
        .execute();
      wake('watcher');
      return readRegistry(database, id);
    }),
  ];
}

function waitForPoll(
  { database, changed, now }: RegistryParts,
  { signal }: CallContext,
  { id, waitMs }: { readonly id: string; readonly waitMs: number },
): Promise<Registry> {
  return longPoll({
    read: () => readRegistry(database, id),
    isSettled: (found) => isSettled(found, now()),
    changed: (until) => changed(id, until),
    ...{ waitMs, signal },
  });
}

function contentRoutes(parts: RegistryParts): Route[] {
  const { database } = parts;
  return [
    route(registries.repositories, async ({ params, query }, context) => {
      const { id } = await find(parts, context, { ...params, ...query });
      return listRepositories(database, id, query);
    }),
    route(registries.tags, async ({ params, query }, context) => {
      const { id } = await find(parts, context, { ...params, ...query });
      return listTags(database, id, query);
    }),
    route(registries.history, async ({ params, query }, context) => {
      const { id } = await find(parts, context, { ...params, ...query });
      return listHistory(database, id, query);
    }),
  ];
}

function arrivalRoutes(parts: RegistryParts): Route[] {
  const { database, changed, onEvents, wake } = parts;
  return [
    route(arrivals.list, ({ query }, context) => waitForArrival(parts, context, query)),
    route(arrivals.activity, ({ query }, { principal }) =>
      readArrivalActivity(
        database,
        { scope: projectsWith(principal, 'registries.read'), project: query.project },
        { hours: query.hours, nowMs: parts.now() },
      ),
    ),
    route(arrivals.show, ({ params, query }, context) => {
      const scope = projectsWith(context.principal, 'registries.read');
      return longPoll({
        read: () => readArrival(parts, scope, params.id),
        isSettled: ({ settledAt }: Arrival) => settledAt !== null,
        changed: (until) => changed(params.id, until),
        waitMs: query.waitSeconds * 1_000,
        signal: context.signal,
      });
    }),
    route(arrivals.report, async ({ body }, context) => {
      const { principal, headers } = context;
      const { registry: name, project, ...push } = body;
      const found = await find(parts, context, { name, project });
      requirePermission(principal, 'registries.report', found.project);
      const eventId = readIdempotencyKey(headers['idempotency-key']);
      const reported = { ...push, source: 'manual', actor: principal.name, eventId } as const;
      const { outcome, arrival, detail } = await recordPush(parts, found, reported);
      onEvents();
      wake('watcher');
      return { outcome, arrival: arrival ?? null, detail };
    }),
  ];
}

/** Without `after` there is always something to answer at once. */
function waitForArrival(
  parts: RegistryParts,
  { principal, signal }: CallContext,
  query: ArrivalFilter & { readonly waitSeconds: number },
): Promise<Page<Arrival>> {
  const scope = projectsWith(principal, 'registries.read');
  return longPoll({
    read: async () =>
      listArrivals(parts, scope, await withWholeDigest(parts.database, scope, query)),
    isSettled: ({ items }) => items.length > 0,
    changed: (until) => parts.changed(arrivalsChanged, until),
    waitMs: query.waitSeconds * 1_000,
    signal,
  });
}
