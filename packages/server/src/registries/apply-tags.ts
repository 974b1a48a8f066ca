/**
 * Writes what was seen of tags: the new state, the history, arrivals and events, in the transaction
 * of the caller. What was seen before a later change was written is dropped, so that a slow poll
 * never undoes a push that was reported meanwhile.
 */
import type { ArrivalSource, TagChangeSource } from '@lazaret/protocol';
import { sql, type Insertable, type Kysely, type RawBuilder, type Transaction } from 'kysely';

import type { Database, ReportedDeletion, ReportedPush } from '../floor/db/index.ts';
import { appendEvents, type NewEvent } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { inspectionPriorities } from '../inspection/index.ts';
import type { WatchedRegistry } from './connection.ts';
import { countTags } from './count-tags.ts';
import type { WatchProblem } from './problem.ts';

export interface SeenTag {
  readonly tag: string;
  readonly digest: string;
  readonly mediaType?: string | undefined;
  /** Whether a new digest is inspected; false for older images at first sight. */
  readonly inspect: boolean;
  /** The push that led here, if one was reported. */
  readonly push?: ReportedPush | undefined;
}

export interface SeenContext {
  readonly registry: WatchedRegistry;
  readonly repository: string;
  readonly source: ArrivalSource;
  /** By the clock of the database, before the registry was asked. */
  readonly observedAt: Date;
}

export interface AppliedTag {
  readonly tag: string;
  readonly change: 'appeared' | 'moved' | 'same' | 'outdated';
  readonly arrival: string | undefined;
}

/** One transaction at a time changes the tags of a repository. */
export async function lockRepository(
  trx: Transaction<Database>,
  about: { readonly registry: WatchedRegistry; readonly repository: string },
): Promise<void> {
  const key = `tags of ${about.registry.id} ${about.repository}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx);
}

/** The time of the database, which all watchers share. */
export async function readNow(database: Kysely<Database>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(database);
  return rows[0]?.now ?? new Date(0);
}

/** The repository must be locked. */
export async function applyTags(
  trx: Transaction<Database>,
  context: SeenContext,
  seen: readonly SeenTag[],
): Promise<AppliedTag[]> {
  if (seen.length === 0) return [];
  const known = await readKnown(trx, context, seen);
  // In the order in which they are to be inspected.
  const ids = seen.map(() => newId()).toSorted();
  const decided = seen.map((one, at) =>
    decide(one, { row: known.get(one.tag), id: ids[at], observedAt: context.observedAt }),
  );
  const same = decided.filter(({ change }) => change === 'same').map(({ tag }) => tag);
  await confirm(trx, context, same);
  await write(
    trx,
    context,
    decided.flatMap((one) => (isChanged(one) ? [one] : [])),
  );
  return decided.map(({ tag, change, arrival }) => ({ tag, change, arrival }));
}

interface DecidedTag extends SeenTag {
  readonly change: AppliedTag['change'];
  readonly previous: string | null;
  readonly arrival: string | undefined;
}

interface ChangedTag extends DecidedTag {
  readonly change: 'appeared' | 'moved';
}

function isChanged(one: DecidedTag): one is ChangedTag {
  return one.change === 'appeared' || one.change === 'moved';
}

function decide(
  seen: SeenTag,
  about: {
    readonly row: KnownTag | undefined;
    readonly id: string | undefined;
    readonly observedAt: Date;
  },
): DecidedTag {
  const { row, id, observedAt } = about;
  const arrival = seen.inspect ? id : undefined;
  if (row === undefined) return { ...seen, change: 'appeared', previous: null, arrival };
  const previous = row.digest === seen.digest ? null : row.digest;
  const none = { ...seen, previous, arrival: undefined };
  if (isOutdated(row, observedAt)) return { ...none, change: 'outdated' };
  if (row.present && row.digest === seen.digest) {
    return { ...seen, change: 'same', previous, arrival: row.arrival ?? undefined };
  }
  const change = row.present && row.digest !== null ? 'moved' : 'appeared';
  return { ...seen, push: seen.push ?? row.push ?? undefined, change, previous, arrival };
}

/** A push or deletion that was reported after the registry was asked is read again. */
function isOutdated(row: KnownTag, observedAt: Date): boolean {
  const isReported = row.verify_at !== null && row.verify_attempts === 0;
  return row.changed_at >= observedAt || (isReported && row.verify_at >= observedAt);
}

type KnownTag = Pick<Database['registry_tags'], 'tag' | 'digest' | 'present' | 'arrival'> & {
  readonly changed_at: Date;
  readonly verify_at: Date | null;
  readonly verify_attempts: number;
  readonly push: ReportedPush | null;
};

async function readKnown(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  seen: readonly SeenTag[],
): Promise<Map<string, KnownTag>> {
  const rows = await trx
    .selectFrom('registry_tags')
    .select(['tag', 'digest', 'present', 'arrival', 'changed_at', 'push'])
    .select(['verify_at', 'verify_attempts'])
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where(sql<boolean>`tag = any(${seen.map(({ tag }) => tag)}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.tag, row]));
}

/** Unchanged tags are not written: their repository has the time of the listing. */
async function confirm(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  tags: readonly string[],
): Promise<void> {
  if (tags.length === 0) return;
  await trx
    .updateTable('registry_tags')
    .set({
      ...{ checked_at: sql<Date>`now()`, problem_code: null, problem_detail: null },
      ...{ verify_at: null, verify_attempts: 0, push: null, deletion: null },
    })
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where(sql<boolean>`tag = any(${tags}::text[])`)
    .where(sql<boolean>`(problem_code is not null or verify_at is not null
      or push is not null or deletion is not null)`)
    .execute();
}

async function write(
  trx: Transaction<Database>,
  context: SeenContext,
  changed: readonly ChangedTag[],
): Promise<void> {
  if (changed.length === 0) return;
  const { registry, repository } = context;
  const place = { registry: registry.id, repository };
  await trx
    .insertInto('registry_tags')
    .values(
      changed.map(({ tag, digest, mediaType, arrival, push }) => ({
        ...{ ...place, tag, digest, media_type: mediaType ?? null, present: true },
        ...{ arrival: arrival ?? null, event_at: push?.pushedAt ?? null },
        ...{ problem_code: null, problem_detail: null, verify_at: null, push: null },
        ...{ changed_at: sql<Date>`clock_timestamp()`, checked_at: sql<Date>`now()` },
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['registry', 'repository', 'tag']).doUpdateSet((eb) => ({
        ...{ digest: eb.ref('excluded.digest'), media_type: eb.ref('excluded.media_type') },
        ...{ present: true, arrival: eb.ref('excluded.arrival') },
        event_at: sql<Date | null>`coalesce(excluded.event_at, registry_tags.event_at)`,
        ...{ problem_code: null, problem_detail: null, verify_at: null, verify_attempts: 0 },
        deletion: null,
        ...{ push: null, changed_at: sql<Date>`clock_timestamp()`, checked_at: sql<Date>`now()` },
      })),
    )
    .execute();
  await countTags(trx, context, changed.filter(({ change }) => change === 'appeared').length);
  await trx
    .insertInto('registry_tag_history')
    .values(
      changed.map(({ tag, change, digest, previous, push }) => ({
        ...{ ...place, tag, change, digest, previous },
        ...{ source: push?.source ?? context.source, actor: push?.actor ?? null },
      })),
    )
    .execute();
  await insertArrivals(
    trx,
    registry,
    changed.flatMap(({ arrival, ...one }) =>
      arrival === undefined ? [] : [{ ...one, repository, id: arrival, source: context.source }],
    ),
  );
  await appendEvents(
    trx,
    changed.map(({ tag, change, digest, previous, push }): NewEvent => ({
      type: change === 'moved' ? 'tag.moved' : 'tag.appeared',
      ...subjectOf(registry, repository, tag),
      actor: push?.actor ?? 'watcher',
      data: {
        ...{ registry: registry.name, address: registry.address, repository, tag, digest },
        ...(previous !== null && { previous }),
        source: push?.source ?? context.source,
      },
    })),
  );
}

/** `registry.lab/app:1`. */
export function subjectOf(
  registry: WatchedRegistry,
  repository: string,
  tag: string,
): Pick<NewEvent, 'subject' | 'project'> {
  return { subject: `${registry.address}/${repository}:${tag}`, project: registry.project };
}

export interface NewArrival {
  readonly id: string;
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest: string;
  readonly mediaType?: string | undefined;
  readonly source: ArrivalSource;
  readonly push?: ReportedPush | undefined;
}

/** Arrivals with their events. */
export async function insertArrivals(
  trx: Transaction<Database>,
  registry: WatchedRegistry,
  arrivals: readonly NewArrival[],
): Promise<void> {
  if (arrivals.length === 0) return;
  const rows = arrivals.map((one): Insertable<Database['arrivals']> => {
    const source = one.push?.source ?? one.source;
    return {
      ...{ id: one.id, project: registry.project, registry: registry.id },
      ...{ repository: one.repository, tag: one.tag ?? null, digest: one.digest },
      ...{ media_type: one.mediaType ?? null, source, priority: priorityOf(source) },
      ...{ event_id: one.push?.eventId ?? null, actor: one.push?.actor ?? null },
      pushed_at: one.push?.pushedAt ?? null,
    };
  });
  await trx.insertInto('arrivals').values(rows).execute();
  await appendEvents(
    trx,
    rows.map(({ id, repository, tag, digest, source, actor }): NewEvent => ({
      type: 'arrival.recorded',
      subject: id,
      actor: actor ?? 'watcher',
      project: registry.project,
      data: { registry: registry.name, repository, tag, digest, source },
    })),
  );
}

function priorityOf(source: ArrivalSource): number {
  if (source === 'gate') return inspectionPriorities.interactive;
  return inspectionPriorities[source === 'manual' ? 'webhook' : source];
}

/** Marks tags that a complete listing does not contain. Returns how many. */
export async function applyAbsence(
  trx: Transaction<Database>,
  context: SeenContext,
  present: readonly string[],
): Promise<number> {
  const gone = await markAbsent(trx, context, sql<boolean>`tag <> all(${present}::text[])`);
  await recordAbsence(trx, context, gone);
  return gone.length;
}

/**
 * Marks the tags of a manifest that the quarantine removed from the registry, so that the tag is
 * known to be gone before the next poll, and its return is an arrival whenever it is.
 */
export async function recordRemovedDigest(
  trx: Transaction<Database>,
  registry: WatchedRegistry,
  removed: { readonly repository: string; readonly digest: string },
): Promise<void> {
  const { repository, digest } = removed;
  await lockRepository(trx, { registry, repository });
  const context = { registry, repository, observedAt: await readNow(trx) };
  const gone = await markAbsent(trx, context, sql<boolean>`digest = ${digest}`);
  await recordAbsence(trx, { ...context, source: 'quarantine' }, gone);
}

/**
 * Marks a tag whose deletion was reported and that the registry says it does not have. A push of it
 * that was recorded in the meantime has taken the report back.
 */
export async function recordDeletedTag(
  trx: Transaction<Database>,
  context: SeenContext,
  { tag, deletion }: { readonly tag: string; readonly deletion: ReportedDeletion },
): Promise<void> {
  const which = sql<boolean>`tag = ${tag} and deletion is not null`;
  const gone = await markAbsent(trx, context, which);
  await recordAbsence(trx, { ...context, source: 'webhook', actor: deletion.actor }, gone);
}

interface GoneTag {
  readonly tag: string;
  /** What it pointed to. */
  readonly digest: string | null;
}

function markAbsent(
  trx: Transaction<Database>,
  { registry, repository, observedAt }: Omit<SeenContext, 'source'>,
  which: RawBuilder<boolean>,
): Promise<GoneTag[]> {
  return trx
    .updateTable('registry_tags')
    .set({
      ...{ present: false, changed_at: sql<Date>`clock_timestamp()`, checked_at: sql<Date>`now()` },
      ...{ problem_code: null, problem_detail: null, verify_at: null, push: null, deletion: null },
    })
    .where('registry', '=', registry.id)
    .where('repository', '=', repository)
    .where('present', '=', true)
    .where('changed_at', '<=', observedAt)
    .where(which)
    .returning(['tag', 'digest'])
    .execute();
}

async function recordAbsence(
  trx: Transaction<Database>,
  about: Pick<SeenContext, 'registry' | 'repository'> & {
    readonly source: TagChangeSource;
    /** Who deleted it, as the registry says. */
    readonly actor?: string | undefined;
  },
  gone: readonly GoneTag[],
): Promise<void> {
  if (gone.length === 0) return;
  const { registry, repository, source, actor } = about;
  await countTags(trx, about, -gone.length);
  const place = { registry: registry.id, repository, change: 'disappeared', source };
  const rows = gone.map(({ tag, digest }) => ({ tag, digest: null, previous: digest }));
  await trx
    .insertInto('registry_tag_history')
    .values(rows.map((row) => ({ ...place, ...row, actor: actor ?? null })))
    .execute();
  await appendEvents(
    trx,
    gone.map(({ tag, digest }): NewEvent => ({
      type: 'tag.disappeared',
      ...subjectOf(registry, repository, tag),
      actor: actor ?? (source === 'quarantine' ? 'quarantine' : 'watcher'),
      data: {
        ...{ registry: registry.name, address: registry.address, repository, tag },
        previous: digest,
      },
    })),
  );
}

/** What could not be read: the tag stays as it is known. */
export async function applyProblems(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  problems: ReadonlyMap<string, WatchProblem>,
): Promise<void> {
  if (problems.size === 0) return;
  await trx
    .insertInto('registry_tags')
    .values(
      [...problems].map(([tag, { code, detail }]) => ({
        ...{ registry: registry.id, repository, tag, present: false },
        ...{ problem_code: code, problem_detail: detail },
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['registry', 'repository', 'tag']).doUpdateSet((eb) => ({
        problem_code: eb.ref('excluded.problem_code'),
        problem_detail: eb.ref('excluded.problem_detail'),
      })),
    )
    .execute();
}
