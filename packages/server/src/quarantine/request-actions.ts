/** Requests of people: each records an action in the transaction that changes the state. */
import { Problem, type QuarantineMode, type QuarantinePlan } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import { databaseCode, transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { readDecisionInForce } from '../policies/index.ts';
import { openWatchedRegistry } from '../registries/index.ts';
import { insertAction } from './action-store.ts';
import { fullProblem, readContents } from './evidence.ts';
import type { Target } from './find-target.ts';
import { insertItem, readItemRow, type ItemRow } from './item-store.ts';
import { actionLimits } from './limits.ts';
import { planQuarantine, type PlanParts } from './plan-quarantine.ts';
import { findMovedTags } from './restore-image.ts';
import { registryCall } from './registry-call.ts';
import { findActionRegistry } from './action-registry.ts';

export interface RequestParts extends PlanParts {
  /** How long evidence is kept at least. */
  readonly retentionMs: number;
}

export interface QuarantineRequest {
  readonly mode: QuarantineMode | undefined;
  readonly confirm: readonly string[];
  readonly reason: string;
  readonly actor: string;
  readonly signal: AbortSignal;
}

/** Answers the id of the item. Throws what the operation declares. */
export async function requestQuarantine(
  parts: RequestParts,
  target: Target,
  request: QuarantineRequest,
): Promise<string> {
  const plan = await planQuarantine(parts, target, request);
  if (plan.unconfirmed.length > 0) throw unconfirmedProblem(plan);
  if (plan.neededBytes > plan.freeBytes) {
    throw fullProblem(plan.neededBytes - plan.freeBytes, parts.spaceBytes);
  }
  const { registry, repository, digest, tag } = target;
  const { reason, actor, confirm } = request;
  const confirmed = [...confirm, ...(tag === undefined ? [] : [tag])];
  const { retentionMs } = parts;
  try {
    return await transaction(parts.database, async (trx) => {
      const item = await insertItem(trx, { registry, plan, confirmed, reason, actor, retentionMs });
      await insertAction(trx, {
        ...{ kind: 'quarantine', state: 'approved', registry, repository, digest, item },
        ...{ reason, actor, parameters: { mode: plan.mode, confirm: confirmed } },
      });
      return item;
    });
  } catch (error) {
    if (databaseCode(error) !== uniqueViolation) throw error;
    throw new Problem(
      'conflict',
      `${repository}@${digest} is being quarantined by another request`,
    );
  }
}

const uniqueViolation = '23505';

export function unconfirmedProblem({ unconfirmed, parents, reference }: QuarantinePlan): Problem {
  const indexes = new Set(parents.map(({ digest }) => digest));
  const parts = unconfirmed.map((name) =>
    indexes.has(name) ? `the index ${name}, which contains it` : `the tag ${name}`,
  );
  const message = `with ${reference} these disappear too: ${parts.join(', ')}`;
  return new Problem('confirmation_required', message, {
    fields: [{ path: 'body.confirm', message: `expected also ${unconfirmed.join(', ')}` }],
  });
}

export interface ReleaseRequest {
  readonly reason: string;
  readonly overwrite: readonly string[];
  readonly actor: string;
  readonly signal: AbortSignal;
}

/** Throws conflict, confirmation_required for tags that point elsewhere, registry_refused. */
export async function requestRelease(
  parts: RequestParts,
  item: ItemRow,
  request: ReleaseRequest,
): Promise<void> {
  refuseRelease(item);
  const moved = await findMoved(parts, item, request.signal);
  const unconfirmed = moved.filter((tag) => !request.overwrite.includes(tag));
  if (unconfirmed.length > 0) {
    const names = unconfirmed.join(', ');
    const message = `these tags of ${item.repository} point to other images now: ${names}`;
    throw new Problem('confirmation_required', message, {
      fields: [{ path: 'body.overwrite', message: `expected also ${names}, to move them back` }],
    });
  }
  const { reason, actor, overwrite } = request;
  await transaction(parts.database, async (trx) => {
    await lockItem(trx, item.id);
    const open = await trx
      .selectFrom('actions')
      .select('id')
      .where('item', '=', item.id)
      .where('state', 'in', ['approved', 'running'])
      .executeTakeFirst();
    if (open !== undefined) {
      throw new Problem('conflict', `the action ${open.id} on this image has not ended`);
    }
    refuseRelease(await readItemRow(trx, 'all', item.id));
    const registry = await findActionRegistry(parts.database, item);
    const { project, repository, digest } = item;
    const place = { project, registry: registry.id, repository, digest };
    const overridden = await readDecisionInForce(trx, place);
    await insertAction(trx, {
      ...{ kind: 'release', state: 'approved', registry, item: item.id, reason, actor },
      ...{ repository: item.repository, digest: item.digest },
      parameters: { overwrite, ...(overridden !== undefined && { overridden: overridden.id }) },
    });
  });
}

function refuseRelease({ state, id }: ItemRow): void {
  if (state === 'quarantined' || state === 'blocked') return;
  const why = state === 'purged' ? 'its evidence was purged' : `it is ${state}`;
  throw new Problem('conflict', `the image ${id} cannot be released: ${why}`);
}

async function findMoved(
  parts: RequestParts,
  item: ItemRow,
  caller: AbortSignal,
): Promise<string[]> {
  const registry = await findActionRegistry(parts.database, item);
  const signal = AbortSignal.any([caller, AbortSignal.timeout(actionLimits.planMs)]);
  const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'interactive' });
  const { repository } = item;
  try {
    const contents = await readContents(parts.database, item.id);
    return await registryCall(registry.name, () =>
      findMovedTags(contents, { client: opened.client, repository, signal }),
    );
  } finally {
    await opened.close();
  }
}

async function lockItem(
  trx: Parameters<Parameters<typeof transaction>[1]>[0],
  id: string,
): Promise<void> {
  await trx
    .selectFrom('quarantine_items')
    .select('id')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

/** Gives up the evidence; the bytes are deleted by the loop. Throws conflict before its time. */
export async function purgeItem(
  database: Kysely<Database>,
  item: ItemRow,
  { reason, actor }: { readonly reason: string; readonly actor: string },
): Promise<void> {
  await transaction(database, async (trx) => {
    const { rows } = await sql<{ state: string; early: boolean; until: Date; open: boolean }>`
      select state, retained_until > now() as early, retained_until as until,
        exists(select from actions a where a.item = i.id and a.state in ('approved', 'running'))
          as open
      from quarantine_items i where id = ${item.id} for update`.execute(trx);
    const [row] = rows;
    if (row === undefined)
      throw new Problem('not_found', `there is no quarantined image ${item.id}`);
    if (row.open || !['quarantined', 'blocked', 'released'].includes(row.state)) {
      const why = row.open ? 'an action on it has not ended' : `it is ${row.state}`;
      throw new Problem('conflict', `the image ${item.id} cannot be purged: ${why}`);
    }
    if (row.early) {
      const until = row.until.toISOString();
      throw new Problem('conflict', `the evidence of ${item.id} is retained until ${until}`, {
        hint:
          'Purge it after that time. The option `quarantineRetention` sets how long evidence is ' +
          'kept; it applies to images that are quarantined after the change.',
      });
    }
    await trx
      .updateTable('quarantine_items')
      .set({
        ...{ state: 'purged', purged_at: sql<Date>`now()` },
        ...{ purged_by: actor, purge_reason: reason },
      })
      .where('id', '=', item.id)
      .execute();
    const { project, digest, repository, registry_name: registry } = item;
    const data = { item: item.id, registry, repository, reason, before: row.state };
    await appendEvents(trx, [{ type: 'image.purged', subject: digest, actor, project, data }]);
  });
}
