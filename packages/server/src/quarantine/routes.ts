/** HTTP of quarantined images and of actions. */
import {
  operations,
  type QuarantineItem,
  type QuarantineItemDetail,
  type RegistryAction,
} from '@lazaret/protocol';

import { route, type CallContext, type Route } from '../floor/http/index.ts';
import { longPoll } from '../floor/long-poll.ts';
import { projectsWith, requirePermission } from '../floor/principal.ts';
import type { SliceContext } from '../floor/slice.ts';
import { withWholeDigest, withWholeReference } from '../registries/index.ts';
import { isActionSettled, listActions, readAction } from './action-store.ts';
import { approveAction, rejectAction } from './decide-actions.ts';
import { findTarget, type Target } from './find-target.ts';
import { listItems, readItem, readItemDetail, readItemRow } from './item-store.ts';
import { planQuarantine } from './plan-quarantine.ts';
import {
  purgeItem,
  requestQuarantine,
  requestRelease,
  type RequestParts,
} from './request-actions.ts';
import { requestAttach } from './request-attach.ts';

export interface QuarantineParts
  extends RequestParts, Pick<SliceContext, 'onEvents' | 'changed' | 'wake'> {}

const { quarantine, actions } = operations;

export function quarantineRoutes(parts: QuarantineParts): Route[] {
  return [...itemRoutes(parts), ...changeRoutes(parts), ...actionRoutes(parts)];
}

interface Named {
  readonly image: string;
  readonly project?: string | undefined;
}

/** The registry among those of the caller; then the permission in its project. */
async function target(
  { database }: QuarantineParts,
  { principal }: CallContext,
  body: Named,
): Promise<Target> {
  const scope = projectsWith(principal, 'registries.read');
  const given = { text: body.image.trim(), path: 'body.image' };
  const image = await withWholeReference(database, scope, given);
  return findTarget(database, scope, { ...body, image });
}

function itemRoutes(parts: QuarantineParts): Route[] {
  const { database } = parts;
  return [
    route(quarantine.list, async ({ query }, { principal }) => {
      const scope = projectsWith(principal, 'quarantine.read');
      return listItems(database, scope, await withWholeDigest(database, scope, query));
    }),
    route(quarantine.show, ({ params, query }, context) => {
      const scope = projectsWith(context.principal, 'quarantine.read');
      return wait(parts, context, {
        ...{ id: params.id, seconds: query.waitSeconds, isSettled },
        read: () => readItemDetail(database, scope, params.id),
      });
    }),
    route(quarantine.plan, async ({ body }, context) => {
      const found = await target(parts, context, body);
      requirePermission(context.principal, 'quarantine.manage', found.registry.project);
      const { mode, confirm } = body;
      return planQuarantine(parts, found, { mode, confirm, signal: context.signal });
    }),
  ];
}

function changeRoutes(parts: QuarantineParts): Route[] {
  const { database } = parts;
  const changed = (): void => {
    parts.onEvents();
    parts.wake('watcher');
  };
  const item = (context: CallContext, id: string, seconds: number): Promise<QuarantineItem> => {
    changed();
    const read = (): Promise<QuarantineItem> => readItem(database, 'all', id);
    return wait(parts, context, { id, seconds, isSettled, read });
  };
  /** Those that the caller may change; others are forbidden or do not exist. */
  const find = async ({ principal }: CallContext, id: string) => {
    const row = await readItemRow(database, projectsWith(principal, 'quarantine.read'), id);
    requirePermission(principal, 'quarantine.manage', row.project);
    return row;
  };
  return [
    route(quarantine.add, async ({ body, query }, context) => {
      const found = await target(parts, context, body);
      requirePermission(context.principal, 'quarantine.manage', found.registry.project);
      const { mode, confirm, reason } = body;
      const request = { mode, confirm, reason, ...caller(context) };
      return item(context, await requestQuarantine(parts, found, request), query.waitSeconds);
    }),
    route(quarantine.release, async ({ params, body, query }, context) => {
      const row = await find(context, params.id);
      await requestRelease(parts, row, { ...body, ...caller(context) });
      return item(context, row.id, query.waitSeconds);
    }),
    route(quarantine.purge, async ({ params, body }, context) => {
      const row = await find(context, params.id);
      await purgeItem(database, row, { reason: body.reason, actor: context.principal.name });
      return item(context, row.id, 0);
    }),
    route(actions.attach, async ({ body, query }, context) => {
      const found = await target(parts, context, body);
      requirePermission(context.principal, 'quarantine.manage', found.registry.project);
      const id = await requestAttach(parts, found, { reason: body.reason, ...caller(context) });
      changed();
      const seconds = query.waitSeconds;
      const read = (): Promise<RegistryAction> => readAction(database, 'all', id);
      return wait(parts, context, { id, seconds, isSettled: isActionSettled, read });
    }),
  ];
}

function actionRoutes(parts: QuarantineParts): Route[] {
  const { database } = parts;
  const decided = (action: RegistryAction): RegistryAction => {
    parts.onEvents();
    parts.wake('watcher');
    return action;
  };
  const readable = ({ principal }: CallContext) => projectsWith(principal, 'quarantine.read');
  const find = async (context: CallContext, id: string): Promise<void> => {
    const { project } = await readAction(database, readable(context), id);
    requirePermission(context.principal, 'quarantine.approve', project);
  };
  return [
    route(actions.list, async ({ query }, context) => {
      const scope = readable(context);
      return listActions(database, scope, await withWholeDigest(database, scope, query));
    }),
    route(actions.show, ({ params, query }, context) => {
      const read = (): Promise<RegistryAction> =>
        readAction(database, readable(context), params.id);
      const seconds = query.waitSeconds;
      return wait(parts, context, { id: params.id, seconds, isSettled: isActionSettled, read });
    }),
    route(actions.approve, async ({ params, body }, context) => {
      await find(context, params.id);
      const decision = { id: params.id, ...body, ...caller(context) };
      return decided(await approveAction(parts, readable(context), decision));
    }),
    route(actions.reject, async ({ params, body }, context) => {
      await find(context, params.id);
      const decision = { id: params.id, ...body, actor: context.principal.name };
      return decided(await rejectAction(database, readable(context), decision));
    }),
  ];
}

function caller({ principal, signal }: CallContext) {
  return { actor: principal.name, signal };
}

interface Wait<T> {
  readonly id: string;
  readonly seconds: number;
  readonly isSettled: (value: T) => boolean;
  readonly read: () => Promise<T>;
}

function wait<T>(
  { changed }: QuarantineParts,
  { signal }: CallContext,
  { id, seconds, isSettled: settled, read }: Wait<T>,
): Promise<T> {
  return longPoll({
    ...{ read, isSettled: settled, waitMs: seconds * 1_000, signal },
    changed: (until) => changed(id, until),
  });
}

/** Whether its last action ended. */
function isSettled({ action }: QuarantineItem | QuarantineItemDetail): boolean {
  return action === null || isActionSettled(action);
}
