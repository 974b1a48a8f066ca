/** The decision of a person on a proposed action. */
import { type QuarantinePlan, type RegistryAction } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import type { ActionRow } from './action-lease.ts';
import { findActionRegistry } from './action-registry.ts';
import { decideAction, lockProposed, readAction } from './action-store.ts';
import { insertItem } from './item-store.ts';
import { planQuarantine } from './plan-quarantine.ts';
import { unconfirmedProblem, type RequestParts } from './request-actions.ts';

export interface Decision {
  readonly id: string;
  readonly reason: string;
  readonly actor: string;
}

/** Throws conflict for an action that was decided, and confirmation_required. */
export async function approveAction(
  parts: RequestParts,
  scope: ProjectScope,
  decision: Decision & { readonly confirm: readonly string[]; readonly signal: AbortSignal },
): Promise<RegistryAction> {
  const { id, reason, actor } = decision;
  // The registry is asked before the row is locked.
  const seen = await transaction(parts.database, (trx) => lockProposed(trx, scope, id));
  const registry = await findActionRegistry(parts.database, seen);
  const confirmed = [...(seen.parameters.confirm ?? []), ...decision.confirm];
  const plan = seen.kind === 'quarantine' ? await planProposed() : undefined;
  await transaction(parts.database, async (trx) => {
    const row = await lockProposed(trx, scope, id);
    const { retentionMs } = parts;
    const item =
      plan === undefined
        ? row.item
        : await insertItem(trx, {
            ...{ registry, plan, confirmed, retentionMs, reason: row.reason },
            actor: row.requested_by,
          });
    await decideAction(trx, row, { state: 'approved', actor, reason, item });
  });
  return readAction(parts.database, scope, id);

  async function planProposed(): Promise<QuarantinePlan> {
    const { repository, digest } = seen;
    const found = await planQuarantine(
      parts,
      { registry, repository, digest, tag: undefined },
      { mode: seen.parameters.mode, confirm: confirmed, signal: decision.signal },
    );
    if (found.unconfirmed.length > 0) throw unconfirmedProblem(found);
    return found;
  }
}

/** Throws conflict for an action that was decided. */
export async function rejectAction(
  database: Kysely<Database>,
  scope: ProjectScope,
  { id, reason, actor }: Decision,
): Promise<RegistryAction> {
  await transaction(database, async (trx) => {
    const row: ActionRow = await lockProposed(trx, scope, id);
    await decideAction(trx, row, { state: 'rejected', actor, reason, item: null });
  });
  return readAction(database, scope, id);
}
