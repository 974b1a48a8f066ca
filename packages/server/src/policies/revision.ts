/** Every change of policies and exceptions of a project: it is judged again with a new revision. */
import type { DecisionTrigger } from '@lazaret/protocol';
import { sql, type Transaction } from 'kysely';

import { requireProject } from '../access/index.ts';
import type { Database } from '../floor/db/schema.ts';

export interface Change {
  readonly project: string;
  readonly trigger: DecisionTrigger;
  /** What changed, such as `policy app version 3`. */
  readonly cause: string;
  readonly causedBy: string;
}

/** From the newest image again; a pause stays one. */
export async function raiseRevision(
  trx: Transaction<Database>,
  { project, trigger, cause, causedBy }: Change,
): Promise<void> {
  await requireProject(trx, project);
  await sql`
    insert into rejudgements (project, state, trigger, cause, caused_by, total, requested_at)
    values (${project}, 'running', ${trigger}, ${cause}, ${causedBy}, ${subjectsOf(project)}, now())
    on conflict (project) do update set revision = rejudgements.revision + 1,
      state = case rejudgements.state when 'paused' then 'paused' else 'running' end,
      trigger = excluded.trigger, cause = excluded.cause, caused_by = excluded.caused_by,
      total = excluded.total, requested_at = excluded.requested_at, finished_at = null,
      reached = null, judged = 0, changed = 0, skipped = 0`.execute(trx);
}

function subjectsOf(project: string) {
  return sql<number>`(select count(*)::int from decisions_in_force
    where project = ${project} and not is_part)`;
}
