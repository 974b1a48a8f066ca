/**
 * Which script is to run in which image. A script that is new or was changed visits all stored
 * images, newest first, a batch at a time, and every script each image that was inspected since. A
 * pair that was planned before is not planned again, so every step can be repeated.
 */
import { Problem, type ScriptRun } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';
import { listStoredImages, type StoredImage } from '../inspection/index.ts';
import { scriptServerLimits } from './limits.ts';
import { readRuns } from './read-runs.ts';
import { selectImages } from './select-images.ts';
import { listStoredScripts, noSuchScript, type StoredScript } from './store.ts';

/** The higher first. */
const priorities = { asked: 30, inspected: 20, backlog: 10 } as const;
/** Runs of this priority and above are not slowed down. */
export const promptPriority: number = priorities.inspected;

/** Considers images that were inspected since the last call. */
export async function planInspected(database: Kysely<Database>): Promise<number> {
  const scripts = (await listStoredScripts(database)).filter(({ enabled }) => enabled);
  if (scripts.length === 0) return 0;
  const { rows } = await sql<{ readonly now: Date }>`select now() as now`.execute(database);
  const now = rows[0]?.now ?? new Date(0);
  const since = Math.min(...scripts.map(({ plannedAt }) => plannedAt.getTime()));
  const oldest = since - scriptServerLimits.planOverlapMs;
  let planned = 0;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const images = await listStoredImages(database, {
      before,
      limit: scriptServerLimits.planBatch,
    });
    const recent = images.filter(({ inspectedAt }) => inspectedAt.getTime() >= oldest);
    planned += await insertRuns(database, pair(scripts, recent), {
      ...{ priority: priorities.inspected, requestedBy: 'scripts' },
    });
    const last = images.at(-1);
    if (last === undefined || recent.length < images.length) break;
    before = last.id;
  }
  await database
    .updateTable('scripts')
    .set({ planned_at: now })
    .where(
      'id',
      'in',
      scripts.map(({ id }) => id),
    )
    .execute();
  return planned;
}

/** The next batch of stored images for each script that has not visited all; false at the end. */
export async function planBacklog(database: Kysely<Database>): Promise<boolean> {
  const scripts = await listStoredScripts(database);
  let isMore = false;
  for (const script of scripts) {
    const { id, enabled, plannedFrom, revision } = script;
    if (!enabled || plannedFrom === null || (await isFull(database))) continue;
    const limit = scriptServerLimits.planBatch;
    const images = await listStoredImages(database, { before: plannedFrom, limit });
    await insertRuns(database, pair([script], images), {
      ...{ priority: priorities.backlog, requestedBy: 'scripts' },
    });
    const last = images.length < limit ? undefined : images.at(-1);
    isMore ||= last !== undefined;
    await database
      .updateTable('scripts')
      .set({ planned_from: last?.id ?? null })
      .where('id', '=', id)
      // A change meanwhile begins again.
      .where('revision', '=', revision)
      .where('planned_from', '=', plannedFrom)
      .execute();
  }
  return isMore;
}

async function isFull(database: Kysely<Database>): Promise<boolean> {
  const { count } = await database
    .selectFrom('script_runs')
    .select(sql<number>`count(*)`.as('count'))
    .where('state', '=', 'queued')
    .executeTakeFirstOrThrow();
  return count >= scriptServerLimits.queuedMax;
}

type Pair = readonly [StoredScript, StoredImage];

function pair(scripts: readonly StoredScript[], images: readonly StoredImage[]): Pair[] {
  return scripts.flatMap((script) => {
    const isSelected = selectImages(script.settings);
    return images.filter(isSelected).map((image) => [script, image] as const);
  });
}

interface Request {
  readonly priority: number;
  readonly requestedBy: string;
}

/** Returns how many are new. */
async function insertRuns(
  database: Kysely<Database>,
  pairs: readonly Pair[],
  { priority, requestedBy }: Request,
): Promise<number> {
  if (pairs.length === 0) return 0;
  const rows = pairs.map(([script, image]) => ({
    ...{ id: newId(), script: script.id, revision: script.revision, sha256: script.sha256 },
    ...{ project: image.project, digest: image.digest, platform: image.platform },
    ...{ priority, image: image.id, requested_by: requestedBy },
  }));
  const inserted = await database
    .insertInto('script_runs')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['project', 'digest', 'script', 'revision']).doNothing(),
    )
    .returning('id')
    .execute();
  return inserted.length;
}

export interface RunRequest {
  readonly image: StoredImage;
  /** Empty: every enabled script that selects the image. */
  readonly names: readonly string[];
  /** Also those that ran to their end. */
  readonly fresh: boolean;
  readonly actor: string;
}

/** Queues runs before those of the background. Throws not_found for an unknown script. */
export async function requestRuns(
  database: Kysely<Database>,
  { image, names, fresh, actor }: RunRequest,
): Promise<ScriptRun[]> {
  const scripts = await chooseScripts(database, image, names);
  const pairs = scripts.map((script) => [script, image] as const);
  const request = { priority: priorities.asked, requestedBy: actor };
  await insertRuns(database, pairs, request);
  const found = await sql<{ readonly id: string }>`
    select r.id from script_runs r join scripts s on s.id = r.script and s.revision = r.revision
    where r.project = ${image.project} and r.digest = ${image.digest}
      and s.id = any(${scripts.map(({ id }) => id)}::text[])`.execute(database);
  const ids = found.rows.map(({ id }) => id);
  await sql`
    update script_runs set state = 'queued', priority = ${request.priority}, attempts = 0,
      retry_at = now(), wait_reason = null, requested_by = ${actor}, requested_at = now(),
      outcome = null, detail = '', exit_code = null, limits_reached = '{}', output = null,
      stdout = '', stderr = '', findings = 0, started_at = null, finished_at = null
    where id = any(${ids}::text[]) and (state = 'queued'
      or (state = 'finished' and (${fresh} or outcome = any(${repeatable}::text[]))))`.execute(
    database,
  );
  return readRuns(database, ids);
}

/** Outcomes of runs that did not reach their end. */
const repeatable = [
  ...['time_limit', 'output_limit', 'memory_limit', 'process_limit', 'not_run', 'unsupported'],
];

async function chooseScripts(
  database: Kysely<Database>,
  image: StoredImage,
  names: readonly string[],
): Promise<StoredScript[]> {
  const all = await listStoredScripts(database);
  if (names.length === 0) {
    const chosen = all.filter(({ enabled, settings }) => enabled && selectImages(settings)(image));
    if (chosen.length > 0) return chosen;
    throw new Problem('conflict', 'no enabled script selects this image; name the scripts to run');
  }
  return [...new Set(names)].map((name) => {
    const found = all.find((script) => script.name === name);
    if (found === undefined) throw noSuchScript(name);
    return found;
  });
}
