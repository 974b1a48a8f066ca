/**
 * Judging stored images again, in batches of one transaction each: the progress is written with the
 * decisions, so that a process that ends in between loses nothing and repeats nothing.
 */
import { Problem, type DecisionTrigger, type RejudgeStatus } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { JudgingParts } from './decide-arrivals.ts';
import { judgedColumns, judgeRows, writeJudged, type JudgedRow } from './judge-stored.ts';
import { judgingLimits } from './limits.ts';
import { raiseRevision } from './revision.ts';

type Run = Selectable<Database['rejudgements']>;

/** One batch of one project. Returns the project, or undefined when there is nothing to do. */
export function rejudgeBatch(parts: JudgingParts): Promise<string | undefined> {
  return transaction(parts.database, async (trx) => {
    const run = await trx
      .selectFrom('rejudgements')
      .selectAll()
      .where('state', '=', 'running')
      .orderBy('requested_at')
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (run === undefined) return undefined;
    const rows = await readNext(trx, run);
    const last = rows.at(-1);
    if (last === undefined) await finishOrRepeat(trx, run);
    else await judgeBatch(trx, { parts, run, rows, reached: last.arrival });
    return run.project;
  });
}

/** The newest first. */
async function readNext(trx: Transaction<Database>, run: Run): Promise<readonly JudgedRow[]> {
  const { rows } = await sql<JudgedRow>`
    select ${judgedColumns} from decisions_in_force f join decisions d on d.id = f.decision
    where f.project = ${run.project} and not f.is_part and f.revision < ${run.revision}
      and ${run.reached === null ? sql`true` : sql`f.arrival < ${run.reached}`}
    order by f.arrival desc limit ${judgingLimits.imagesAtOnce}
    for update of f`.execute(trx);
  return rows;
}

interface Batch {
  readonly parts: JudgingParts;
  readonly run: Run;
  readonly rows: readonly JudgedRow[];
  readonly reached: string;
}

async function judgeBatch(
  trx: Transaction<Database>,
  { parts, run, rows, reached }: Batch,
): Promise<void> {
  const set = await parts.sets.read(trx, run.project);
  const judged = await judgeRows(trx, rows, { set, now: new Date(parts.now()).toISOString() });
  const changed = await writeJudged(trx, judged, {
    ...{ set, causedBy: run.caused_by, trigger: () => run.trigger as DecisionTrigger },
  });
  const skipped = judged.filter(({ outcome }) => outcome === undefined).length;
  await sql`
    update rejudgements set reached = ${reached}, judged = judged + ${rows.length},
      changed = changed + ${changed}, skipped = skipped + ${skipped},
      total = greatest(total, judged + ${rows.length})
    where project = ${run.project}`.execute(trx);
}

/** An arrival that was decided at the moment of the change may have been passed by. */
async function finishOrRepeat(trx: Transaction<Database>, run: Run): Promise<void> {
  const { project } = run;
  const { rows } = await sql`
    select from decisions_in_force
    where project = ${project} and not is_part and revision < ${run.revision} limit 1`.execute(trx);
  if (rows.length > 0 && run.reached !== null) {
    await sql`update rejudgements set reached = null where project = ${project}`.execute(trx);
    return;
  }
  await sql`
    update rejudgements set state = 'idle', finished_at = now(), total = judged
    where project = ${project}`.execute(trx);
  const { cause, judged, changed, skipped } = run;
  const data = { cause, judged, changed, skipped };
  await appendEvents(trx, [
    { type: 'policy.rejudged', subject: project, actor: run.caused_by, project, data },
  ]);
}

interface DueRow extends JudgedRow {
  readonly isInspected: boolean;
}

/**
 * One batch of those whose time has come: an exception that they rest on has ended, or the image
 * was inspected again. Returns whether there were any.
 */
export function judgeDue(parts: JudgingParts): Promise<boolean> {
  return transaction(parts.database, async (trx) => {
    const { rows } = await sql<DueRow>`
      select ${judgedColumns}, f.due_at = '-infinity' as "isInspected"
      from decisions_in_force f join decisions d on d.id = f.decision
      where f.due_at <= now() and not f.is_part
      order by f.due_at limit ${judgingLimits.imagesAtOnce}
      for update of f skip locked`.execute(trx);
    const inspected = new Set(rows.filter(({ isInspected }) => isInspected));
    const now = new Date(parts.now()).toISOString();
    for (const [project, own] of Map.groupBy(rows, (row) => row.project)) {
      const set = await parts.sets.read(trx, project);
      const judged = await judgeRows(trx, own, { set, now });
      const trigger = (row: JudgedRow): DecisionTrigger =>
        inspected.has(row as DueRow) ? 'inspection' : 'expiry';
      await writeJudged(trx, judged, { set, trigger, causedBy: 'watcher' });
    }
    return rows.length > 0;
  });
}

/** Decisions that rest on an earlier report of the image are due. */
export async function markInspected(
  trx: Transaction<Database>,
  images: readonly { readonly project: string; readonly digest: string }[],
): Promise<void> {
  for (const { project, digest } of images) {
    await sql`
      update decisions_in_force set due_at = '-infinity'
      where images @> array[${digest}::text] and project = ${project}`.execute(trx);
  }
}

/** Judges all images of a project again, as after a change. */
export function requestRejudge(
  database: Kysely<Database>,
  { project, actor }: { readonly project: string; readonly actor: string },
): Promise<void> {
  return transaction(database, (trx) =>
    raiseRevision(trx, { project, trigger: 'person', cause: 'requested', causedBy: actor }),
  );
}

/** A pause stays through changes and restarts. Throws conflict if there is nothing to pause. */
export async function setPaused(
  database: Kysely<Database>,
  project: string,
  isPaused: boolean,
): Promise<void> {
  const [from, to] = isPaused ? ['running', 'paused'] : ['paused', 'running'];
  const { numUpdatedRows } = await database
    .updateTable('rejudgements')
    .set({ state: to })
    .where('project', '=', project)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const { state } = await readRejudge(database, project);
  if (state === to) return;
  throw new Problem('conflict', `the stored images of ${project} are not being judged again`);
}

export async function readRejudge(
  database: Kysely<Database>,
  project: string,
): Promise<RejudgeStatus> {
  const row = await database
    .selectFrom('rejudgements')
    .selectAll()
    .where('project', '=', project)
    .executeTakeFirst();
  if (row === undefined) return { project, ...neverRequested };
  return {
    project,
    state: row.state as RejudgeStatus['state'],
    ...{ cause: row.cause, causedBy: row.caused_by, total: row.total, judged: row.judged },
    ...{ changed: row.changed, skipped: row.skipped },
    requestedAt: toText(row.requested_at),
    finishedAt: toText(row.finished_at),
  };
}

const neverRequested = {
  state: 'idle',
  ...{ cause: '', causedBy: '', total: 0, judged: 0, changed: 0, skipped: 0 },
  ...{ requestedAt: null, finishedAt: null },
} as const;

function toText(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
