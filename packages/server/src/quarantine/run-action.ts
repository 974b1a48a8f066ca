/**
 * Runs one action from its last step to its end. Everything up to the removal can be repeated from
 * the beginning; from the removal on the stored evidence is all that counts.
 */
import { pushReferrer, type RegistryClient } from '@lazaret/oci/registry';
import { headManifest } from '@lazaret/oci/registry';
import { plural } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents, type NewEvent } from '../floor/events/index.ts';
import {
  openWatchedRegistry,
  type ClientParts,
  type WatchedRegistry,
} from '../registries/index.ts';
import { ActionLeaseLostError, type ActionLease, type LeaseParts } from './action-lease.ts';
import { ActionError, toActionProblem } from './action-problem.ts';
import { findActionRegistry } from './action-registry.ts';
import {
  listContents,
  readContents,
  reserveEvidence,
  storeEvidence,
  verifyEvidence,
} from './evidence.ts';
import { readItemRow, type ItemRow } from './item-store.ts';
import { planRemoval } from './plan-removal.ts';
import { readClosure } from './read-closure.ts';
import { removeImage, type RemovalResult } from './remove-image.ts';
import { checkRestored, findMovedTags, restoreContents, restoreTags } from './restore-image.ts';
import { readKnown, readSubject } from './read-subject.ts';
import { describeStatement, makeStatement } from './verdict-statement.ts';

export interface ActionParts extends ClientParts, LeaseParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  /** How much evidence may be stored. */
  readonly spaceBytes: number;
}

interface Run {
  readonly parts: ActionParts;
  readonly lease: ActionLease;
  readonly registry: WatchedRegistry;
  readonly client: RegistryClient;
  readonly signal: AbortSignal;
}

/**
 * Ends the lease, unless the signal aborts: then the run stops where it is, and the caller gives
 * the action back. Throws when its end could not be written.
 */
export async function runAction(
  parts: ActionParts,
  lease: ActionLease,
  stopped: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([stopped, lease.signal]);
  try {
    const registry = await findActionRegistry(parts.database, lease.action);
    const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'automatic' });
    try {
      await kinds[lease.action.kind]?.({ parts, lease, registry, client: opened.client, signal });
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (signal.aborted || error instanceof ActionLeaseLostError) throw error;
    const { id, kind, origin, decided_by: person } = lease.action;
    if (error instanceof UnconfirmedError && origin === 'policy' && person === null) {
      await lease.propose(error.proposal, (trx) => endItem(trx, lease));
      return;
    }
    const problem = toActionProblem(error);
    parts.log.warn({ err: error, action: id, kind }, 'an action did not succeed');
    await lease.fail(problem, (trx) => endItem(trx, lease));
  }
}

const kinds: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  quarantine: runQuarantine,
  release: runRelease,
  attach: runAttach,
};

/** More would be removed than was named; nothing was. */
class UnconfirmedError extends ActionError {
  readonly proposal: string;

  constructor(names: readonly string[]) {
    const list = names.join(', ');
    super(
      'confirmation_required',
      `meanwhile more would be removed: ${list}; confirm it in a new request`,
    );
    this.proposal = `more would be removed than was decided: ${list}`;
  }
}

/** What remains of an item whose quarantine failed: its evidence if anything was removed. */
async function endItem(trx: Transaction<Database>, { action }: ActionLease): Promise<void> {
  if (action.item === null || action.kind !== 'quarantine') return;
  await trx
    .updateTable('quarantine_items as i')
    .set({
      state: sql<string>`case when quarantined_at is not null or exists(
        select from quarantine_contents c where c.item = i.id and c.removed_at is not null)
        then 'blocked' else 'failed' end`,
    })
    .where('id', '=', action.item)
    .execute();
}

async function runQuarantine(run: Run): Promise<void> {
  const { parts, lease, registry, client, signal } = run;
  const item = await readItemRow(parts.database, 'all', lease.action.item ?? '');
  if (lease.action.step !== 'remove') await prepareEvidence(run, item);
  const contents = await readContents(parts.database, item.id);
  let result: RemovalResult = {};
  if (item.mode !== 'block') {
    await lease.begin('remove', `${item.repository}@${item.digest} at ${item.address}`);
    const { repository } = item;
    const removal = { registry, client, lease, repository, signal };
    result = await removeImage(item.id, contents, removal);
  }
  const isLeft = item.mode === 'block' || result.remaining !== undefined;
  const outcome = isLeft ? 'blocked' : 'quarantined';
  const { remaining } = result;
  const problem = remaining === undefined ? undefined : { ...remaining, isTransient: false };
  await lease.finish({ outcome, problem }, async (trx) => {
    await trx
      .updateTable('quarantine_items')
      .set({ state: outcome, quarantined_at: sql<Date>`coalesce(quarantined_at, now())` })
      .where('id', '=', item.id)
      .execute();
    const tags = contents.flatMap((row) => (row.removes ? row.tags : []));
    const data = { outcome, tags, mode: item.mode, target: item.target, reason: item.reason };
    await appendEvents(trx, [imageEvent('image.quarantined', item, data)]);
  });
}

/** Plans again with the registry of now, stores, verifies, copies. */
async function prepareEvidence(run: Run, item: ItemRow): Promise<void> {
  const { parts, lease, client, signal } = run;
  const { id, repository, digest } = item;
  await lease.begin('plan', `${repository}@${digest} at ${item.address}`);
  const closure = await readClosure(client, { repository, digest, signal });
  const plan = planRemoval(closure, new Set(item.confirmed));
  if (plan.unconfirmed.length > 0) throw new UnconfirmedError(plan.unconfirmed);
  const listed = listContents(closure, plan);
  const space = { contents: listed, limitBytes: parts.spaceBytes };
  await lease.write(async (trx) => {
    await trx
      .updateTable('quarantine_items')
      .set({ media_type: closure.root.document.mediaType })
      .where('id', '=', id)
      .execute();
    await reserveEvidence(trx, id, space);
  });
  const bytes = listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const counts = `${plural(plan.manifests.length, 'manifest')}, ${plural(closure.blobs.length, 'blob')}`;
  await lease.begin('store', `${counts}, ${bytes} bytes`);
  const store = { ...run, blobs: parts.blobs, now: parts.now };
  const manifests = new Map(closure.manifests.map((one) => [one.digest, one.bytes]));
  await storeEvidence(item, await readContents(parts.database, id), { ...store, manifests });
  await lease.begin('verify', `${bytes} bytes`);
  await verifyEvidence(id, await readContents(parts.database, id), store);
  if (item.mode !== 'move' || item.target === null) return;
  await lease.begin('copy', `to ${item.target}`);
  const contents = await readContents(parts.database, id);
  const copy = {
    client,
    blobs: parts.blobs,
    repository: item.target,
    mountFrom: repository,
    signal,
  };
  await restoreContents(contents, copy);
  // The copies of earlier images keep their digests.
  await restoreTags(contents, new Set(contents.flatMap(({ tags }) => tags)), copy);
  await checkRestored(contents, copy);
}

async function runRelease(run: Run): Promise<void> {
  const { parts, lease, client, signal } = run;
  const item = await readItemRow(parts.database, 'all', lease.action.item ?? '');
  const contents = await readContents(parts.database, item.id);
  const { repository } = item;
  const overwrite = new Set(lease.action.parameters.overwrite ?? []);
  const restore = {
    ...{ client, blobs: parts.blobs, repository, signal },
    mountFrom: item.target ?? undefined,
  };
  await lease.begin('check', 'tags of the repository');
  const moved = (await findMovedTags(contents, restore)).filter((tag) => !overwrite.has(tag));
  if (moved.length > 0) {
    const message = `these tags point to other images now: ${moved.join(', ')}`;
    throw new ActionError('tag_moved', `${message}; release again and name them in overwrite`);
  }
  await lease.begin('push', `to ${repository} at ${item.address}`);
  const pushed = await restoreContents(contents, restore);
  const counts = `${plural(pushed.manifests, 'manifest')} and ${plural(pushed.blobs, 'blob')}`;
  await lease.begin('tag', `after ${counts} that the registry lacked`);
  await restoreTags(contents, overwrite, restore);
  await lease.begin('verify', 'manifests and tags of the repository');
  await checkRestored(contents, restore);
  const { requested_by: actor, reason } = lease.action;
  await lease.finish({ outcome: 'released' }, async (trx) => {
    await trx
      .updateTable('quarantine_items')
      .set({
        ...{ state: 'released', released_at: sql<Date>`now()` },
        ...{ released_by: actor, release_reason: reason },
        released_decision: lease.action.parameters.overridden ?? null,
      })
      .where('id', '=', item.id)
      .execute();
    const tags = contents.flatMap((row) => row.tags);
    const event = imageEvent('image.released', item, { tags, reason, pushed });
    await appendEvents(trx, [{ ...event, actor }]);
  });
}

async function runAttach({ parts, lease, client, signal }: Run): Promise<void> {
  const { project, repository, digest, requested_by: actor } = lease.action;
  await lease.begin('attach', `to ${repository}@${digest} at ${client.host}`);
  const subject = await readSubject(client, { repository, digest, signal });
  const statement = makeStatement(subject, await readKnown(parts.database, project, subject));
  const head = await headManifest(client, { repository, selector: digest, signal });
  const pushed = await pushReferrer(client, {
    ...{ repository, signal, ...describeStatement(statement) },
    subject: { digest, mediaType: head.mediaType, sizeBytes: head.sizeBytes ?? 0 },
  });
  await lease.finish({ outcome: 'attached' }, async (trx) => {
    const { registry_name: registry } = lease.action;
    const data = { registry, repository, referrer: pushed.digest, listedBy: pushed.listedBy };
    const event = {
      type: 'image.verdict_attached',
      subject: digest,
      project,
      actor,
      data,
    } as const;
    await appendEvents(trx, [event]);
  });
}

function imageEvent(
  type: 'image.quarantined' | 'image.released',
  item: ItemRow,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  const { id, project, digest, repository, registry_name: registry, created_by: actor } = item;
  const about = { item: id, registry, repository, ...data };
  return { type, subject: digest, actor, project, data: about };
}
