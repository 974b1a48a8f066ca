/**
 * Takes the manifests of an item out of a repository, after a last look at the tags. A tag that
 * points there and that was not named stops it before anything is removed.
 */
import { SourceError } from '@lazaret/oci';
import { deleteManifest, hasManifest, type RegistryClient } from '@lazaret/oci/registry';
import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';

import { recordRemovedDigest, type WatchedRegistry } from '../registries/index.ts';
import type { ActionLease } from './action-lease.ts';
import { ActionError } from './action-problem.ts';
import type { ContentRow } from './evidence.ts';
import { actionLimits } from './limits.ts';
import { readTagDigests } from './read-tags.ts';

export interface RemovalParts {
  readonly registry: WatchedRegistry;
  readonly client: RegistryClient;
  readonly lease: ActionLease;
  readonly repository: string;
  readonly signal: AbortSignal;
}

export interface RemovalResult {
  /** Undefined when everything was removed; otherwise why the registry still has it. */
  readonly remaining?: { readonly code: string; readonly detail: string };
}

/** Throws SourceError, and ActionError when a tag moved here since it was planned. */
export async function removeImage(
  item: string,
  contents: readonly ContentRow[],
  parts: RemovalParts,
): Promise<RemovalResult> {
  const unverified = contents.find((row) => row.verified_at === null || row.sha256 === null);
  if (unverified !== undefined) {
    throw new ActionError('evidence', `the evidence of ${unverified.digest} is not verified`);
  }
  const { client, repository, signal } = parts;
  const removed = contents.filter((row) => row.kind === 'manifest' && row.removes);
  const before = await readTagDigests(client, repository, signal);
  checkTags(before, removed, parts);
  // Indexes before their manifests: some registries refuse a manifest that an index names.
  for (const row of removed.toReversed()) {
    const result = await removeManifest(row, parts);
    if (result !== undefined) return { remaining: result };
    await parts.lease.write(async (trx) => {
      await trx
        .updateTable('quarantine_contents')
        .set({ removed_at: sql<Date>`now()` })
        .where('item', '=', item)
        .where('digest', '=', row.digest)
        .execute();
      await recordRemovedDigest(trx, parts.registry, { repository, digest: row.digest });
    });
  }
  return {};
}

/** Tags that moved away are not touched by the deletion of the digest. */
function checkTags(
  tags: ReadonlyMap<string, string>,
  removed: readonly ContentRow[],
  { repository, client }: RemovalParts,
): void {
  const byDigest = new Map(removed.map((row) => [row.digest, row]));
  const unnamed = [...tags].filter(
    ([tag, digest]) => byDigest.get(digest)?.tags.includes(tag) === false,
  );
  if (unnamed.length === 0) return;
  const names = unnamed.map(([tag]) => tag).join(', ');
  throw new ActionError(
    'confirmation_required',
    `meanwhile other tags point to what would be removed from ${repository} at ${client.host}: ` +
      `${names}; nothing was removed. Quarantine the image again and confirm them`,
  );
}

/** Undefined when it is gone; otherwise why not. */
async function removeManifest(
  row: ContentRow,
  { client, repository, signal }: RemovalParts,
): Promise<{ readonly code: string; readonly detail: string } | undefined> {
  const place = { repository, selector: row.digest, signal };
  const what = `${repository}@${row.digest}`;
  let result: Awaited<ReturnType<typeof deleteManifest>>;
  try {
    result = await deleteManifest(client, place);
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'unauthorized') throw error;
    return { code: 'unauthorized', detail: error.message };
  }
  if (result === 'disabled') {
    const advice = 'enable it in the registry and quarantine the image again to remove it';
    const detail = `deletion is disabled in the registry ${client.host}: ${what} stays; ${advice}`;
    return { code: 'deletion_disabled', detail };
  }
  if (result === 'refused') {
    return { code: 'deletion_refused', detail: `${client.host} refuses to delete ${what}` };
  }
  for (let check = 0; check < actionLimits.deletionChecks; check += 1) {
    if (!(await hasManifest(client, place))) return undefined;
    await sleep(actionLimits.deletionCheckMs, undefined, { signal });
  }
  const detail = `${client.host} accepted the deletion of ${what}, but still has it`;
  return { code: 'still_served', detail };
}
