/** The slice of the quarantine; the role watcher runs its actions. */
import { plural, type Overview } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { projectsWith, type ProjectScope } from '../floor/principal.ts';
import type { MissingPart, Slice } from '../floor/slice.ts';
import { readUsedBytes } from './evidence.ts';
import { actionLimits } from './limits.ts';
import { quarantineRoutes, type QuarantineParts } from './routes.ts';

/** Its operations and what `lazaret status` says. */
export function quarantineSlice(parts: QuarantineParts): Slice {
  return {
    name: 'quarantine',
    routes: quarantineRoutes(parts),
    health: {
      missing: async () => [
        ...(await findFull(parts)),
        ...(await listFailed(parts.database)),
        ...(await findUnattended(parts.database)),
      ],
    },
    overview: async (caller) => {
      const scope = projectsWith(caller, 'quarantine.read');
      if (scope.length === 0) return {};
      return { quarantine: await countWaiting(parts.database, scope) };
    },
  };
}

/** Both counts are read from partial indexes. */
async function countWaiting(
  database: Kysely<Database>,
  scope: ProjectScope,
): Promise<Overview['quarantine']> {
  const readable =
    scope === 'all' ? sql<boolean>`true` : sql<boolean>`project = any(${scope}::text[])`;
  const { rows } = await sql<NonNullable<Overview['quarantine']>>`
    select
      (select count(*)::int from actions where state = 'proposed' and ${readable}) as proposed,
      (select count(*)::int from quarantine_items
        where state in ('preparing', 'quarantined', 'blocked') and ${readable}) as quarantined
    `.execute(database);
  return rows[0] ?? null;
}

async function findFull({ database, spaceBytes }: QuarantineParts): Promise<MissingPart[]> {
  const usedBytes = await readUsedBytes(database);
  if (usedBytes < spaceBytes * actionLimits.spaceWarning) return [];
  return [
    {
      part: 'quarantine',
      detail: `The evidence uses ${usedBytes} of ${spaceBytes} bytes.`,
      advice: 'Purge released images, or raise the option `quarantineSpace`.',
    },
  ];
}

/** Failed actions that nothing newer followed. */
async function listFailed(database: Kysely<Database>): Promise<MissingPart[]> {
  const { rows } = await sql<{ id: string; kind: string; what: string; detail: string }>`
    select id, kind, repository || '@' || digest as what, coalesce(problem_detail, '') as detail
    from actions a where state = 'failed' and finished_at > now() - interval '7 days'
      and not exists(select from actions b where b.address = a.address
        and b.repository = a.repository and b.digest = a.digest and b.id > a.id)
    order by id desc limit ${actionLimits.missingListed}`.execute(database);
  return rows.map(({ id, kind, what, detail }) => ({
    part: `action ${id}`,
    detail: `The action ${kind} on ${what} failed: ${detail}`,
    advice: `Run \`lazaret actions show ${id}\`.`,
  }));
}

/** Actions that wait for so long that no process can have the role watcher. */
async function findUnattended(database: Kysely<Database>): Promise<MissingPart[]> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from actions
    where state in ('approved', 'running')
      and coalesce(lease_until, retry_at)
        < now() - ${actionLimits.unattendedMs} * interval '1 millisecond'`.execute(database);
  const count = rows[0]?.count ?? 0;
  if (count === 0) return [];
  return [
    {
      part: 'registry actions',
      detail: `No process runs ${plural(count, 'approved action')}.`,
      advice: 'Add `watcher` to the option `roles` of a process, and restart it.',
    },
  ];
}
