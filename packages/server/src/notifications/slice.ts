/** The slice of notifications; the role watcher sends them. */
import { plural } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import type { MissingPart, Slice, SliceContext } from '../floor/slice.ts';
import { notificationLimits } from './limits.ts';
import { notificationRoutes } from './routes.ts';
import type { SendParts } from './sender.ts';

export function notificationsSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'wake'> & SendParts,
): Slice {
  const { database, onEvents, wake } = context;
  const onChange = (): void => {
    onEvents();
    wake('watcher');
  };
  return {
    name: 'notifications',
    routes: notificationRoutes({ ...context, onChange }),
    health: {
      missing: async () => [
        ...(await listFailing(database)),
        ...(await listDead(database)),
        ...(await listUnsent(database)),
      ],
    },
  };
}

/** Targets that nothing can be sent to. */
async function listFailing(database: Kysely<Database>): Promise<MissingPart[]> {
  const rows = await database
    .selectFrom('notification_targets')
    .select(['name', 'failures', 'problem', 'retry_at', 'paused_at'])
    .where('enabled', '=', true)
    .where('problem', 'is not', null)
    .orderBy('failures', 'desc')
    .orderBy('name')
    .limit(notificationLimits.missingListed)
    .execute();
  return rows.map(({ name, failures, problem, retry_at: retryAt, paused_at: paused }) => {
    const failed = `${plural(failures, 'attempt')} failed: ${problem ?? ''}`;
    return {
      part: `notification target ${name}`,
      detail:
        paused === null ? `${failed}; next at ${retryAt.toISOString()}` : `Paused after ${failed}`,
      advice:
        paused === null
          ? `Run \`lazaret notifications test ${name}\`.`
          : `Run \`lazaret notifications test ${name}\`, and then \`lazaret notifications resume ${name}\`.`,
    };
  });
}

/** Targets with dead letters of the last day. */
async function listDead(database: Kysely<Database>): Promise<MissingPart[]> {
  const { rows } = await sql<{ name: string; count: number; reason: string | null }>`
    select t.name, count(*)::int as count, max(d.reason) as reason
    from notification_deliveries d join notification_targets t on t.id = d.target
    where d.state = 'dead'
      and d.finished_at > now() - ${notificationLimits.deadMentionedMs} * interval '1 millisecond'
    group by t.name order by t.name limit ${notificationLimits.missingListed}`.execute(database);
  return rows.map(({ name, count, reason }) => ({
    part: `notification target ${name}`,
    detail: `${plural(count, 'dead letter')} in the last 24 hours: ${reason ?? ''}`,
    advice: `Run \`lazaret notifications deliveries --target ${name} --state dead\`.`,
  }));
}

/** Targets that are due for so long that no process can have the role watcher. */
async function listUnsent(database: Kysely<Database>): Promise<MissingPart[]> {
  const { rows } = await sql<{ name: string }>`
    select name from notification_targets t
    where enabled and paused_at is null and problem is null
      and greatest(retry_at, coalesce(lease_until, retry_at))
        < now() - ${notificationLimits.unsentMs} * interval '1 millisecond'
      and exists (
        select from notification_deliveries d where d.target = t.id and d.state = 'queued'
          and d.queued_at < now() - t.digest_seconds * interval '1 second'
            - ${notificationLimits.unsentMs} * interval '1 millisecond')
    order by name limit ${notificationLimits.missingListed}`.execute(database);
  if (rows.length === 0) return [];
  return [
    {
      part: 'notifications',
      detail: `No process sends to ${rows.map(({ name }) => name).join(', ')}.`,
      advice: 'Add `watcher` to the option `roles` of a process, and restart it.',
    },
  ];
}
