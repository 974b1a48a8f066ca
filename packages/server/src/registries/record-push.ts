/**
 * A reported push: by a notification of the registry, or by a build pipeline. It is recorded
 * once for each event id, whatever comes first, the report or a poll. A tag that a report names is
 * read from the registry soon after, so that reports that are lost, repeated or out of order never
 * leave a wrong digest. The address always comes from the settings of the registry.
 */
import { SourceError } from '@lazaret/oci';
import type { PushOutcome } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database, type ReportedPush } from '../floor/db/index.ts';
import { newId } from '../floor/ids.ts';
import { storable } from '../floor/storable.ts';
import { applyTags, insertArrivals, lockRepository, type SeenContext } from './apply-tags.ts';
import type { WatchedRegistry } from './connection.ts';
import { readScope } from './repository-patterns.ts';

export interface Push extends ReportedPush {
  readonly repository: string;
  readonly tag?: string | undefined;
  /** Without it the tag is read from the registry. */
  readonly digest?: string | undefined;
  readonly mediaType?: string | undefined;
}

export interface PushResult {
  readonly outcome: PushOutcome;
  readonly arrival: string | undefined;
  readonly detail: string;
}

export interface PushParts {
  readonly database: Kysely<Database>;
  /** Of files that the API may name. */
  readonly directory: string;
}

/** Idempotent for each event id. Wake the watcher after it. */
export async function recordPush(
  { database, directory }: PushParts,
  registry: WatchedRegistry,
  push: Push,
): Promise<PushResult> {
  const ignored = await whyIgnored(registry, push, directory);
  if (ignored !== undefined) return { outcome: 'ignored', arrival: undefined, detail: ignored };
  return transaction(database, async (trx) => {
    const { repository } = push;
    await lockRepository(trx, { registry, repository });
    const earlier = await findEvent(trx, registry, push);
    if (earlier !== undefined) return known(earlier, 'the event was recorded before');
    await trx
      .insertInto('registry_repositories')
      .values({ registry: registry.id, name: repository })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // Nothing is later than a report.
    const context = { registry, repository, source: push.source, observedAt: endOfTime };
    if (push.tag === undefined) return recordDigest(trx, context, push);
    if (push.digest === undefined) return requestDigest(trx, context, push);
    return recordTag(trx, context, push);
  });
}

async function whyIgnored(
  registry: WatchedRegistry,
  push: Push,
  directory: string,
): Promise<string | undefined> {
  const { source, settings } = registry;
  if (!settings.enabled) return 'the registry is not watched';
  if (push.tag === undefined && push.digest === undefined) return 'neither tag nor digest is given';
  const scope = await readScope(settings, { directory, source }).catch((error: unknown) => {
    if (error instanceof SourceError) return error.message;
    throw error;
  });
  // The next poll that can read it finds the push.
  if (typeof scope === 'string') return scope;
  if (!scope.repositories.matches(push.repository)) return 'the repository is not watched';
  if (push.tag !== undefined && !scope.tags.matches(push.tag)) return 'the tag is not watched';
  return undefined;
}

function known(arrival: string | null, detail: string): PushResult {
  return { outcome: 'known', arrival: arrival ?? undefined, detail };
}

async function findEvent(
  trx: Transaction<Database>,
  registry: WatchedRegistry,
  { eventId, repository, tag, digest }: Push,
): Promise<string | undefined> {
  if (eventId === undefined) return undefined;
  let query = trx
    .selectFrom('arrivals')
    .select('id')
    .where('registry', '=', registry.id)
    .where('event_id', '=', eventId)
    .where('repository', '=', repository)
    .where(sql<boolean>`coalesce(tag, '') = ${tag ?? ''}`);
  if (digest !== undefined) query = query.where('digest', '=', digest);
  return (await query.executeTakeFirst())?.id;
}

/** A push without a tag: a child of an index, or a manifest by its digest. */
async function recordDigest(
  trx: Transaction<Database>,
  { registry, repository, source }: SeenContext,
  { digest = '', mediaType, ...reported }: Push,
): Promise<PushResult> {
  const push = pickPush(reported);
  const before = await trx
    .selectFrom('arrivals')
    .select('id')
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (before !== undefined) return known(before.id, 'the digest is known in this repository');
  const id = newId();
  await insertArrivals(trx, registry, [{ id, repository, digest, mediaType, source, push }]);
  return { outcome: 'recorded', arrival: id, detail: 'a new arrival' };
}

/** The tag is read from the registry by the watcher, at once. */
async function requestDigest(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  { tag = '', ...reported }: Push,
): Promise<PushResult> {
  const push = pickPush(reported);
  const values = {
    ...{ verify_at: sql<Date>`now()`, verify_attempts: 0, deletion: null },
    push: JSON.stringify(push),
  };
  await trx
    .insertInto('registry_tags')
    .values({ registry: registry.id, repository, tag, present: false, ...values })
    .onConflict((conflict) =>
      conflict.columns(['registry', 'repository', 'tag']).doUpdateSet(values),
    )
    .execute();
  return {
    outcome: 'resolving',
    arrival: undefined,
    detail: 'the tag is read from the registry',
  };
}

async function recordTag(
  trx: Transaction<Database>,
  context: SeenContext,
  reported: Push,
): Promise<PushResult> {
  const { registry, repository, source } = context;
  const { tag = '', digest = '', mediaType } = reported;
  const push = pickPush(reported);
  const row = await trx
    .selectFrom('registry_tags')
    .select(['digest', 'present', 'event_at', 'arrival'])
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .executeTakeFirst();
  if (row?.present === true && row.digest === digest && row.arrival !== null) {
    await rememberEvent(trx, row.arrival, push);
    await takeDeletionBack(trx, context, tag);
    return known(row.arrival, 'the tag has this digest already');
  }
  if (isLate(push, row?.event_at ?? null)) {
    return recordLate(trx, context, { ...reported, ...push });
  }
  const seen = [{ tag, digest, mediaType, inspect: true, push }];
  const [applied] = await applyTags(trx, context, seen);
  const arrival = applied?.arrival ?? (await insertSkipped(trx, context, { ...reported, push }));
  await trx
    .updateTable('registry_tags')
    .set({ verify_at: sql<Date>`now()`, verify_attempts: 0 })
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .execute();
  return { outcome: 'recorded', arrival, detail: `a new arrival by ${source}` };
}

/** A deletion that was reported before. If the tag is gone anyway, the next poll finds that. */
async function takeDeletionBack(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  tag: string,
): Promise<void> {
  await trx
    .updateTable('registry_tags')
    .set({ deletion: null })
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .where('deletion', 'is not', null)
    .execute();
}

const endOfTime = new Date(8.64e15);

function pickPush({ source, eventId, actor, pushedAt }: ReportedPush): ReportedPush {
  return { source, eventId, pushedAt, actor: actor === undefined ? undefined : storable(actor) };
}

/** By the clock of the registry alone. */
function isLate({ pushedAt }: ReportedPush, lastEvent: Date | null): boolean {
  return pushedAt !== undefined && lastEvent !== null && new Date(pushedAt) < lastEvent;
}

/** An older image that was skipped at first sight and is pushed again. */
export async function insertSkipped(
  trx: Transaction<Database>,
  { registry, repository, source }: SeenContext,
  about: Pick<Push, 'tag' | 'digest' | 'mediaType'> & { readonly push: ReportedPush },
): Promise<string> {
  const { tag = '', digest = '', mediaType, push } = about;
  const id = newId();
  await insertArrivals(trx, registry, [{ id, repository, tag, digest, mediaType, source, push }]);
  await trx
    .updateTable('registry_tags')
    .set({ arrival: id })
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .execute();
  return id;
}

/** The digest was there for a while: it is inspected, and the tag stays as it is now. */
async function recordLate(
  trx: Transaction<Database>,
  { registry, repository, source }: SeenContext,
  { tag = '', digest = '', mediaType, ...push }: Push,
): Promise<PushResult> {
  const id = newId();
  await insertArrivals(trx, registry, [{ id, repository, tag, digest, mediaType, source, push }]);
  await trx
    .insertInto('registry_tag_history')
    .values({
      ...{ registry: registry.id, repository, tag, change: 'moved', digest, previous: null },
      ...{ source, actor: push.actor ?? null, at: push.pushedAt ?? sql<Date>`now()` },
    })
    .execute();
  return { outcome: 'recorded', arrival: id, detail: 'a late event: the tag has moved since' };
}

/** A poll saw the push first; its event is the same arrival. */
async function rememberEvent(
  trx: Transaction<Database>,
  arrival: string,
  { eventId, actor, pushedAt }: ReportedPush,
): Promise<void> {
  if (eventId === undefined) return;
  await trx
    .updateTable('arrivals')
    .set({
      event_id: eventId,
      actor: sql<string | null>`coalesce(actor, ${actor ?? null})`,
      pushed_at: sql<Date | null>`coalesce(pushed_at, ${pushedAt ?? null}::timestamptz)`,
    })
    .where('id', '=', arrival)
    .where('event_id', 'is', null)
    .execute();
}
