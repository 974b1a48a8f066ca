/**
 * Requests an inspection: a row and its task in one transaction, or the one that is already queued
 * or running. A queued one is moved forward when it is requested with a higher priority.
 */
import { createHash, randomUUID } from 'node:crypto';

import { Problem, type InspectionRequest } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { inspectionLimits } from './limits.ts';
import type { InspectionQueue } from './queue.ts';

export interface RequestedBy {
  readonly queue: InspectionQueue;
  readonly project: string;
  readonly actor: string;
  /** The archive of the reference, when it was uploaded. */
  readonly archive?: { readonly name: string; readonly sizeBytes: number } | undefined;
  /** That of a person who asks, unless given. */
  readonly priority?: number;
}

export interface RequestContext extends RequestedBy {
  readonly database: Kysely<Database>;
  readonly idempotencyKey: string | undefined;
}

/** Which queued inspection comes first: the higher. */
export const inspectionPriorities = {
  interactive: 40,
  webhook: 30,
  poll: 20,
  backlog: 10,
} as const;

/**
 * Returns the id of the inspection; that of an earlier one for a known key, or while that one is
 * active.
 */
export async function requestInspection(
  request: Omit<InspectionRequest, 'project'>,
  context: RequestContext,
): Promise<string> {
  const { database, project } = context;
  const hash = createHash('sha256').update(JSON.stringify(request)).digest();
  try {
    return await transaction(database, async (trx) => {
      const earlier = await findByKey(trx, context, hash);
      if (earlier !== undefined) return earlier;
      const id = await requestWithin(trx, request, context);
      const { idempotencyKey: key, actor } = context;
      if (key !== undefined) {
        const values = { project, actor, key, hash, inspection: id };
        await trx.insertInto('inspection_keys').values(values).execute();
      }
      return id;
    });
  } catch (error) {
    const { constraint } = error as { constraint?: string };
    if (constraint === 'inspections_project_fkey') {
      throw new Problem('not_found', `there is no project ${project} that you can see`);
    }
    // Concurrent requests: the second one finds the inspection of the first.
    if (constraint === 'inspections_live' || constraint === 'inspection_keys_pkey') {
      return requestInspection(request, context);
    }
    throw error;
  }
}

/**
 * Part of the transaction of the caller, who retries it when two ask for the same at once (unique
 * constraint `inspections_live`).
 */
export async function requestWithin(
  trx: Transaction<Database>,
  request: Omit<InspectionRequest, 'project'>,
  context: RequestedBy,
): Promise<string> {
  const live = await findLive(trx, request, context.project);
  if (live === undefined) return insert(trx, request, context);
  const priority = context.priority ?? inspectionPriorities.interactive;
  if (live.state === 'queued' && live.priority < priority) {
    await moveForward(trx, context.queue, { ...live, priority });
  }
  return live.id;
}

async function moveForward(
  trx: Transaction<Database>,
  queue: InspectionQueue,
  live: { readonly id: string; readonly queue_id: string; readonly priority: number },
): Promise<void> {
  const { id, priority } = live;
  await trx.updateTable('inspections').set({ priority }).where('id', '=', id).execute();
  await queue.prioritize(trx, live.queue_id, priority);
}

async function findByKey(
  trx: Transaction<Database>,
  { project, actor, idempotencyKey }: RequestContext,
  hash: Buffer,
): Promise<string | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const row = await trx
    .selectFrom('inspection_keys')
    .select(['inspection', 'hash'])
    .where('project', '=', project)
    .where('actor', '=', actor)
    .where('key', '=', idempotencyKey)
    .executeTakeFirst();
  if (row === undefined || row.hash.equals(hash)) return row?.inspection;
  throw new Problem('idempotency_conflict', `the key was used for inspection ${row.inspection}`);
}

async function findLive(
  trx: Transaction<Database>,
  { reference, platform, force }: Omit<InspectionRequest, 'project'>,
  project: string,
) {
  return trx
    .selectFrom('inspections')
    .select(['id', 'state', 'queue_id', 'priority'])
    .where('project', '=', project)
    .where('reference', '=', reference)
    .where('platform', '=', platform)
    .where('force', '=', force)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
}

async function insert(
  trx: Transaction<Database>,
  request: Omit<InspectionRequest, 'project'>,
  context: RequestedBy,
): Promise<string> {
  const { queue, project, actor, archive } = context;
  const priority = context.priority ?? inspectionPriorities.interactive;
  const { reference, platform, force } = request;
  await checkCapacity(trx);
  const id = newId();
  const queueId = randomUUID();
  await trx
    .insertInto('inspections')
    .values({
      ...{ id, project, reference, platform, force },
      ...{ queue_id: queueId, requested_by: actor, priority },
      ...{ archive_name: archive?.name ?? null, archive_bytes: archive?.sizeBytes ?? null },
    })
    .execute();
  await queue.add(trx, { inspection: id, queueId, priority });
  const data = { reference, platform, force, ...(archive !== undefined && { archive }) };
  await appendEvents(trx, [{ type: 'inspection.queued', subject: id, actor, project, data }]);
  return id;
}

async function checkCapacity(trx: Transaction<Database>): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from inspections where state = 'queued' limit ${inspectionLimits.inspectionsQueued}
    ) as waiting
  `.execute(trx);
  if ((rows[0]?.count ?? 0) < inspectionLimits.inspectionsQueued) return;
  throw new Problem(
    'too_many_requests',
    `${inspectionLimits.inspectionsQueued} inspections wait already; retry when some have ended`,
  );
}
