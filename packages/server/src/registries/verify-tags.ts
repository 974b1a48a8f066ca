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
import { sql, type Selectable, type Transaction } from 'kysely';

import { transaction, type ReportedDeletion } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  applyProblems,
  applyTags,
  lockRepository,
  readNow,
  recordDeletedTag,
  type SeenContext,
  type SeenTag,
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
  await endAll(
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
    const byRepository = Map.groupBy(tags, (row) => row.repository);
    await endAll(
      [...byRepository].map(([repository, rows]) =>
        verifyOfRepository(parts, { registry, repository }, { rows, signal, ...opened }),
      ),
    );
  } finally {
    await opened.close();
  }
}

/** What the registry says about a tag. */
type ReadTag = { readonly row: TagRow } & (
  | { readonly digest: string; readonly mediaType: string | undefined }
  | { readonly gone: ReportedDeletion }
  | { readonly error: SourceError }
);

interface Reading {
  readonly signal: AbortSignal;
  readonly client: RegistryClient;
}

/**
 * One transaction at a time writes the tags of a repository, so what is read while one runs is
 * written together by the next: waiting transactions would only occupy connections.
 */
async function verifyOfRepository(
  { database }: PollParts,
  place: Pick<SeenContext, 'registry' | 'repository'>,
  { rows, ...reading }: Reading & { readonly rows: readonly TagRow[] },
): Promise<void> {
  const context = { ...place, source: 'poll', observedAt: await readNow(database) } as const;
  const unwritten: ReadTag[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const write = async (): Promise<void> => {
    const before = writing;
    const next = (async () => {
      await before.catch(() => undefined);
      const together = unwritten.splice(0);
      if (together.length === 0) return;
      await transaction(database, (trx) => writeTags(trx, context, together));
    })();
    writing = next;
    await next;
  };
  await endAll(
    rows.map(async (row) => {
      unwritten.push(await readTag(row, reading));
      await write();
    }),
  );
}

async function readTag(row: TagRow, { client, signal }: Reading): Promise<ReadTag> {
  const { repository, tag, deletion } = row;
  try {
    const { digest, mediaType } = await headManifest(client, { repository, selector: tag, signal });
    return { row, digest, mediaType };
  } catch (error) {
    if (!(error instanceof SourceError) || signal.aborted) throw error;
    if (deletion !== null && error.code === 'not_found') {
      if (await isGone(client, { repository, tag, signal })) return { row, gone: deletion };
    }
    return { row, error };
  }
}

async function writeTags(
  trx: Transaction<Database>,
  context: SeenContext,
  tags: readonly ReadTag[],
): Promise<void> {
  await lockRepository(trx, context);
  const read = tags.flatMap((one) => ('digest' in one ? [one] : []));
  const seen = read.map(({ row, digest, mediaType }): SeenTag => {
    return { tag: row.tag, digest, mediaType, inspect: true, push: row.push ?? undefined };
  });
  const applied = await applyTags(trx, context, seen);
  for (const [at, { change, arrival }] of applied.entries()) {
    const { push, ...about } = seen[at] ?? {};
    const isSkipped = change === 'same' && arrival === undefined;
    if (isSkipped && push !== undefined) await insertSkipped(trx, context, { ...about, push });
  }
  for (const one of tags) {
    if ('gone' in one) {
      await recordDeletedTag(trx, context, { tag: one.row.tag, deletion: one.gone });
    } else if ('error' in one) await writeProblem(trx, context, one);
  }
}

async function writeProblem(
  trx: Transaction<Database>,
  context: SeenContext,
  { row, error }: { readonly row: TagRow; readonly error: SourceError },
): Promise<void> {
  const { tag } = row;
  await applyProblems(trx, context, new Map([[tag, toProblem(error)]]));
  // The next poll reads it.
  if (row.verify_attempts < watchLimits.verifyAttempts) return;
  await trx
    .updateTable('registry_tags')
    .set({ verify_at: null, verify_attempts: 0 })
    .where('registry', '=', context.registry.id)
    .where('repository', '=', context.repository)
    .where('tag', '=', tag)
    .execute();
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

/** Waits for all, so that nothing reads with a client that was closed; then the first error. */
async function endAll(work: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
