/** Changing and removing hooks, and queueing dead letters again. */
import { Problem, type HookAuthentication, type HookKind } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { generateSecret, storeSecret } from './add-hook.ts';
import { requeueDelivery } from './delivery-store.ts';
import { changeHook, deleteHook, findHook, sourceOf, type HookRow } from './store.ts';

export interface ChangingParts {
  readonly database: Kysely<Database>;
  readonly actor: string;
}

export interface HookChange {
  readonly ignoreActors?: readonly string[] | undefined;
  readonly rotateSecret: boolean;
}

/** The new secret, if it was replaced. */
export async function updateHook(
  name: string,
  change: HookChange,
  { database, actor }: ChangingParts,
): Promise<string | null> {
  return transaction(database, async (trx) => {
    const hook = await findHook(trx, name);
    refuseConfigured(hook);
    const authentication = hook.authentication as HookAuthentication;
    const isGenerated = hook.secret_reference === null && authentication !== 'oidc';
    if (change.rotateSecret && !isGenerated) {
      const where = hook.secret_reference ?? 'Google';
      throw new Problem(
        'conflict',
        `the secret of ${name} is not generated; change it at ${where}`,
      );
    }
    const secret = change.rotateSecret
      ? generateSecret(hook.kind as HookKind, authentication)
      : null;
    const { ignoreActors } = change;
    const changes = {
      ...(secret === null ? {} : storeSecret(secret, authentication)),
      ...(ignoreActors === undefined ? {} : { ignore_actors: [...ignoreActors] }),
    };
    if (Object.keys(changes).length === 0) return null;
    await changeHook(trx, hook.id, changes);
    const { project } = hook;
    const data = { ...(ignoreActors && { ignoreActors }), secretReplaced: secret !== null };
    await appendEvents(trx, [{ type: 'hook.changed', subject: name, actor, project, data }]);
    return secret;
  });
}

export async function removeHook(name: string, { database, actor }: ChangingParts): Promise<void> {
  await transaction(database, async (trx) => {
    const hook = await findHook(trx, name);
    refuseConfigured(hook);
    const { id, project, kind } = hook;
    await deleteHook(trx, id);
    await appendEvents(trx, [
      { type: 'hook.removed', subject: name, actor, project, data: { kind } },
    ]);
  });
}

function refuseConfigured(hook: HookRow): void {
  if (sourceOf(hook) === 'api') return;
  const detail = `the hook ${hook.name} is defined in the configuration file of the server`;
  throw new Problem('conflict', `${detail}; change it there`);
}

/** Queues a dead letter again. */
export async function replayDelivery(
  id: string,
  { database, actor }: ChangingParts,
): Promise<void> {
  await transaction(database, async (trx) => {
    const { hook: subject, project } = await requeueDelivery(trx, id);
    const data = { delivery: id };
    await appendEvents(trx, [{ type: 'hook.replayed', subject, actor, project, data }]);
  });
}
