/** Reading of inspections. One whose inspector crashed is shown as queued, which it is. */
import {
  Problem,
  type Inspection,
  type InspectionPhase,
  type InspectionState,
  type Page,
  type VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { readArchiveReference } from './archive-reference.ts';
import { toPage, type Paging } from './read-images.ts';

const seenState = sql<InspectionState>`case
  when inspections.state = 'running' and inspections.lease_until < now() then 'queued'
  else inspections.state end`;

interface SeenInspection extends Omit<Selectable<Database['inspections']>, 'state'> {
  readonly state: InspectionState;
  readonly images: readonly Inspection['images'][number][];
}

/** Ids have 16 characters from 0-9 and a-z, so a prefix is a range of the primary key. */
const idChars = 16;

/** Newest first. */
export async function listInspections(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: Paging & {
    readonly project?: string | undefined;
    readonly state?: readonly InspectionState[] | undefined;
    /** Only those whose id starts with this. */
    readonly id?: string | undefined;
  },
): Promise<Page<Inspection>> {
  let query = select(database, scope);
  if (ask.project !== undefined) query = query.where('project', '=', ask.project);
  if (ask.state !== undefined)
    query = query.where(sql<boolean>`${seenState} = any(${ask.state}::text[])`);
  if (ask.id !== undefined) {
    const [first, last] = [ask.id.padEnd(idChars, '0'), ask.id.padEnd(idChars, 'z')];
    query = query.where('id', '>=', first).where('id', '<=', last);
  }
  checkCursor(ask.cursor);
  if (ask.cursor !== undefined) query = query.where('id', '<', ask.cursor);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, { item: toInspection, cursor: ({ id }) => id });
}

export async function readInspection(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<Inspection> {
  const row = await select(database, scope).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no inspection ${id}`);
  return toInspection(row);
}

/** Those of the ids, in their order. Throws not_found for one that is not visible. */
export async function readInspections(
  database: Kysely<Database>,
  scope: ProjectScope,
  ids: readonly string[],
): Promise<Inspection[]> {
  const rows = await select(database, scope).where('id', 'in', ids).execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    if (row === undefined) throw new Problem('not_found', `there is no inspection ${id}`);
    return toInspection(row);
  });
}

function select(database: Kysely<Database>, scope: ProjectScope) {
  const images = sql<SeenInspection['images']>`(
    select coalesce(jsonb_agg(jsonb_build_object('digest', i.digest, 'platform', i.platform,
      'verdict', i.verdict, 'known', i.known, 'name', (
        select m.names[1] from images m
        where m.project = inspections.project and m.digest = i.digest)) order by i.position), '[]')
    from inspection_images i where i.inspection = inspections.id)`;
  return database
    .selectFrom('inspections')
    .selectAll()
    .select([seenState.as('state'), images.as('images')])
    .where(scope === 'all' ? sql<boolean>`true` : sql<boolean>`project = any(${scope}::text[])`);
}

function toArchive({
  reference,
  archive_name: name,
  archive_bytes: sizeBytes,
}: SeenInspection): Inspection['archive'] {
  const sha256 = readArchiveReference(reference);
  if (sha256 === undefined || name === null || sizeBytes === null) return null;
  return { sha256, name, sizeBytes };
}

function toInspection(row: SeenInspection): Inspection {
  const { problem_code: code, problem_detail: detail, state } = row;
  return {
    id: row.id,
    project: row.project,
    reference: row.reference,
    archive: toArchive(row),
    platform: row.platform,
    force: row.force,
    state,
    progress: {
      phase: state === 'queued' ? 'waiting' : (row.phase as InspectionPhase),
      done: row.layers_done,
      total: row.layers_total,
      files: row.files_seen,
    },
    attempts: row.attempts,
    requestedBy: row.requested_by,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    problem:
      code === null
        ? null
        : { code: code as NonNullable<Inspection['problem']>['code'], detail: detail ?? '' },
    images: row.images.map((each) => ({ ...each, verdict: each.verdict as VerdictState })),
  };
}
