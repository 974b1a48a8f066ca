/**
 * Reads tags whose push or deletion was reported: reports without a digest get theirs, a wrong
 * order of reports is corrected, and a deletion is recorded when the registry confirms it. A
 * process that is killed meanwhile leaves the request to the next.
 */
import { SourceError } from '@lazaret/oci';
import {
  headManifest,
  isManifestUnknown,
  listTags,
  type RegistryClient,
} from '@lazaret/oci/registry';
import { sql, type Selectable } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  applyProblems,
  applyTags,
  lockRepository,
  readNow,
  recordDeletedTag,
} from './apply-tags.ts';
import { localAddress, openWatchedRegistry, type WatchedRegistry } from './connection.ts';
import { watchLimits } from './limits.ts';
import type { PollParts } from './poll-context.ts';
import { toProblem } from './problem.ts';
import { insertSkipped } from './record-push.ts';
import { readWatched } from './store.ts';

type TagRow = Pick<
  Selectable<Database['registry_tags']>,
  'registry' | 'repository' | 'tag' | 'verify_attempts' | 'push' | 'deletion'
>;

/** Returns how many tags were read. */
export async function verifyTags(parts: PollParts, signal: AbortSignal): Promise<number> {
  const { rows } = await sql<TagRow>`
    update registry_tags set verify_attempts = verify_attempts + 1,
      verify_at = now() + ${watchLimits.verifyRetryMs} * interval '1 millisecond'
        * (verify_attempts + 1)
    where (registry, repository, tag) in (
      select registry, repository, tag from registry_tags where verify_at <= now()
      order by verify_at limit ${watchLimits.verifiesAtOnce} for update skip locked)
    returning registry, repository, tag, verify_attempts, push, deletion`.execute(parts.database);
  const byRegistry = Map.groupBy(rows, (row) => row.registry);
  await Promise.all(
    [...byRegistry].map(async ([id, tags]) => {
      const registry = await readWatched(parts.database, id);
      if (registry === undefined || registry.address === localAddress) return;
      await verifyOfRegistry(parts, registry, { tags, signal });
    }),
  );
  if (rows.length > 0) parts.onChange();
  return rows.length;
}

async function verifyOfRegistry(
  parts: PollParts,
  registry: WatchedRegistry,
  { tags, signal }: { readonly tags: readonly TagRow[]; readonly signal: AbortSignal },
): Promise<void> {
  const opened = await openWatchedRegistry(registry, parts, { signal, kind: 'automatic' });
  try {
    await Promise.all(tags.map((row) => verifyTag(parts, registry, { row, signal, opened })));
  } finally {
    await opened.close();
  }
}

async function verifyTag(
  { database }: PollParts,
  registry: WatchedRegistry,
  about: {
    readonly row: TagRow;
    readonly signal: AbortSignal;
    readonly opened: Awaited<ReturnType<typeof openWatchedRegistry>>;
  },
): Promise<void> {
  const { row, signal, opened } = about;
  const { repository, tag } = row;
  const observedAt = await readNow(database);
  const context = { registry, repository, source: 'poll', observedAt } as const;
  try {
    const { client } = opened;
    const { digest, mediaType } = await headManifest(client, { repository, selector: tag, signal });
    const push = row.push ?? undefined;
    await transaction(database, async (trx) => {
      await lockRepository(trx, context);
      const seen = [{ tag, digest, mediaType, inspect: true, push }];
      const [applied] = await applyTags(trx, context, seen);
      const isSkipped = applied?.change === 'same' && applied.arrival === undefined;
      if (isSkipped && push !== undefined) {
        await insertSkipped(trx, context, { tag, digest, mediaType, push });
      }
    });
  } catch (error) {
    if (!(error instanceof SourceError) || signal.aborted) throw error;
    const { deletion } = row;
    if (deletion !== null && error.code === 'not_found') {
      if (await isGone(opened.client, { repository, tag, signal })) {
        await transaction(database, async (trx) => {
          await lockRepository(trx, context);
          await recordDeletedTag(trx, context, { tag, deletion });
        });
        return;
      }
    }
    await transaction(database, async (trx) => {
      await lockRepository(trx, context);
      await applyProblems(trx, context, new Map([[tag, toProblem(error)]]));
      // The next poll reads it.
      if (row.verify_attempts < watchLimits.verifyAttempts) return;
      await trx
        .updateTable('registry_tags')
        .set({ verify_at: null, verify_attempts: 0 })
        .where('registry', '=', registry.id)
        .where('repository', '=', repository)
        .where('tag', '=', tag)
        .execute();
    });
  }
}

/** Whether the registry says so: about the manifest, or by a complete list without the tag. */
async function isGone(
  client: RegistryClient,
  about: { readonly repository: string; readonly tag: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const { repository, tag, signal } = about;
  try {
    if (await isManifestUnknown(client, { repository, selector: tag, signal })) return true;
    return !(await listTags(client, repository, { signal })).includes(tag);
  } catch (error) {
    if (error instanceof SourceError && !signal.aborted) return false;
    throw error;
  }
}
