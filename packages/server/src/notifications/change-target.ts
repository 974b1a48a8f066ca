/** Adding, changing and removing of targets: by the API and the configuration file. */
import {
  Problem,
  targetSettings,
  type TargetChange,
  type TargetKind,
  type TargetSettings,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { databaseCode, transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { checkSettings } from './check-settings.ts';
import { notificationLimits } from './limits.ts';
import { variablePrefix } from './secrets.ts';
import {
  findTarget,
  healthy,
  resumeTarget,
  targetColumns,
  toTarget,
  type Target,
} from './target-store.ts';

export interface NewTarget {
  readonly name: string;
  readonly kind: TargetKind;
  readonly settings: TargetSettings;
}

export interface ChangeContext {
  readonly database: Kysely<Database>;
  readonly actor: string;
  readonly source: 'api' | 'file';
}

const uniqueViolation = '23505';

/** Throws invalid_request, already_exists. */
export async function addTarget(target: NewTarget, context: ChangeContext): Promise<void> {
  const { actor, source } = context;
  const { name, kind, settings } = target;
  checkSettings(kind, settings, { variablePrefix, source });
  try {
    await transaction(context.database, async (trx) => {
      await checkCapacity(trx);
      const columns = { id: newId(), name, kind, source, created_by: actor };
      await trx
        .insertInto('notification_targets')
        .values({ ...columns, ...settingColumns(settings) })
        .execute();
      const { events } = settings;
      await appendEvents(trx, [
        { type: 'notification.target_added', subject: name, actor, data: { kind, events } },
      ]);
    });
  } catch (error) {
    if (databaseCode(error) !== uniqueViolation) throw error;
    throw new Problem('already_exists', `there is a notification target ${name} already`);
  }
}

async function checkCapacity(trx: Transaction<Database>): Promise<void> {
  const { count } = await trx
    .selectFrom('notification_targets')
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  if (count < notificationLimits.targets) return;
  const most = `at most ${notificationLimits.targets} notification targets are possible`;
  throw new Problem('conflict', `${most}; remove one first`);
}

function settingColumns(settings: TargetSettings) {
  const { enabled, digest } = settings;
  return { enabled, digest_seconds: Math.round(digest), settings: JSON.stringify(settings) };
}

/** Sends what waits at once with the new settings. Throws conflict for one of the file. */
export async function changeTarget(
  target: Target,
  change: TargetChange,
  context: ChangeContext,
): Promise<void> {
  refuseOther(target, context);
  const { id, name: subject, kind, settings: before } = target;
  const settings = targetSettings.parse({ ...before, ...change });
  checkSettings(kind, settings, { variablePrefix, source: context.source });
  const keys = Object.keys(settings) as (keyof TargetSettings)[];
  const changed = keys.filter(
    (key) => JSON.stringify(settings[key]) !== JSON.stringify(before[key]),
  );
  if (changed.length === 0) return;
  const { actor } = context;
  await transaction(context.database, async (trx) => {
    await trx
      .updateTable('notification_targets')
      .set({
        ...{ ...settingColumns(settings), ...healthy },
        // A running attempt ends with the old settings, and its result is not recorded twice.
        ...{ fence: null, lease_until: null, changed_at: sql<Date>`now()` },
      })
      .where('id', '=', id)
      .execute();
    await appendEvents(trx, [
      { type: 'notification.target_changed', subject, actor, data: { changed } },
    ]);
  });
}

/** Throws not_found, conflict. */
export async function removeTarget(target: Target, context: ChangeContext): Promise<void> {
  refuseOther(target, context);
  const { id, name: subject, kind } = target;
  const { actor } = context;
  await transaction(context.database, async (trx) => {
    await trx.deleteFrom('notification_targets').where('id', '=', id).execute();
    await appendEvents(trx, [
      { type: 'notification.target_removed', subject, actor, data: { kind } },
    ]);
  });
}

function refuseOther({ name, source }: Target, context: ChangeContext): void {
  if (source === context.source) return;
  const detail = `the notification target ${name} is defined in the configuration file of the server`;
  throw new Problem('conflict', `${detail}; change it there`);
}

/** Sends at once, also to a paused target. Throws not_found. */
export async function resume(
  name: string,
  { database, actor }: Pick<ChangeContext, 'database' | 'actor'>,
): Promise<void> {
  await transaction(database, async (trx) => {
    const { id } = await findTarget(trx, name);
    await resumeTarget(trx, id);
    await appendEvents(trx, [{ type: 'notification.target_resumed', subject: name, actor }]);
  });
}

/**
 * Makes the targets of the configuration file those of the database; one that the file no longer
 * contains is removed. Throws invalid_request.
 */
export async function applyConfigured(
  configured: readonly NewTarget[],
  database: Kysely<Database>,
): Promise<void> {
  const context: ChangeContext = { database, actor: 'configuration', source: 'file' };
  const names = configured.map(({ name }) => name);
  // One that was added by the API and is in the file now belongs to the file.
  await database
    .updateTable('notification_targets')
    .set({ source: 'file' })
    .where(sql<boolean>`name = any(${names}::text[])`)
    .execute();
  const rows = await database
    .selectFrom('notification_targets')
    .select([...targetColumns])
    .where('source', '=', 'file')
    .execute();
  const known = rows.map(toTarget);
  const isSame = (one: NewTarget, other: Target): boolean =>
    one.name === other.name && one.kind === other.kind;
  for (const before of known) {
    if (!configured.some((one) => isSame(one, before))) await removeTarget(before, context);
  }
  for (const one of configured) {
    const before = known.find((other) => isSame(one, other));
    if (before === undefined) await addTarget(one, context);
    else await changeTarget(before, one.settings, context);
  }
}
