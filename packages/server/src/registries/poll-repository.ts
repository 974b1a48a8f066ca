/**
 * One repository in a poll: its tags are listed, the digest of each is asked for with HEAD unless
 * the list contains it, and changes are written in batches. Tags disappear only when the list was
 * complete; a tag whose digest cannot be read stays as it was. At first sight only the newest
 * images are inspected, up to the setting `backlog`; the others are counted.
 */
import type { createConcurrencyGate } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import { headManifest, listTagDigests, type RegistryClient } from '@lazaret/oci/registry';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  applyAbsence,
  applyProblems,
  applyTags,
  lockRepository,
  readNow,
  type SeenContext,
  type SeenTag,
} from './apply-tags.ts';
import { watchLimits } from './limits.ts';
import { chooseNewest } from './newest-first.ts';
import type { PollLease } from './poll-lease.ts';
import { isRegistryWide, toProblem, type WatchProblem } from './problem.ts';
import type { WatchScope } from './repository-patterns.ts';

export interface RepositoryPoll {
  readonly database: Kysely<Database>;
  readonly lease: PollLease;
  readonly scope: WatchScope;
  readonly client: RegistryClient;
  readonly gate: ReturnType<typeof createConcurrencyGate>;
  readonly signal: AbortSignal;
  /** Told after changes were committed. */
  readonly onChange: () => void;
}

export interface RepositoryResult {
  /** What could not be read; undefined when everything was. */
  readonly problem: WatchProblem | undefined;
}

/** Throws when the registry as a whole cannot be used, or the lease is lost. */
export async function pollRepository(
  poll: RepositoryPoll,
  repository: string,
): Promise<RepositoryResult> {
  const known = await findRepository(poll, repository);
  const observedAt = await readNow(poll.database);
  let listed: Awaited<ReturnType<typeof listTagDigests>>;
  try {
    listed = await listTagDigests(poll.client, repository, { signal: poll.signal });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return failRepository(poll, { repository, observedAt, error, known });
  }
  const tags = listed.tags.filter((tag) => poll.scope.tags.matches(tag));
  const isFirstSight = known.listed_at === null;
  const { source, problem } = isFirstSight
    ? await seeFirst(poll, { repository, tags, digests: listed.digests })
    : await seeAgain(poll, { repository, tags, digests: listed.digests });
  await write(poll, repository, async (trx) => {
    const context = { registry: poll.lease.registry, repository, observedAt, source };
    await applyAbsence(trx, context, tags);
    await finishRepository(trx, context, problem);
  });
  return { problem };
}

interface Listed {
  readonly repository: string;
  readonly tags: readonly string[];
  readonly digests: ReadonlyMap<string, string>;
}

interface Seen {
  readonly source: SeenContext['source'];
  readonly problem: WatchProblem | undefined;
}

/** What changed since the last poll, tags that are new first. */
async function seeAgain(poll: RepositoryPoll, listed: Listed): Promise<Seen> {
  const { repository, tags } = listed;
  const before = await poll.database
    .selectFrom('registry_tags')
    .select('tag')
    .where('registry', '=', poll.lease.registry.id)
    .where('repository', '=', repository)
    .where('digest', 'is not', null)
    .execute();
  const known = new Set(before.map(({ tag }) => tag));
  const ordered = [
    ...tags.filter((tag) => !known.has(tag)),
    ...tags.filter((tag) => known.has(tag)),
  ];
  let problem: WatchProblem | undefined;
  for (let at = 0; at < ordered.length; at += watchLimits.tagsPerBatch) {
    const batch = ordered.slice(at, at + watchLimits.tagsPerBatch);
    const read = await readDigests(poll, listed, batch);
    const seen = read.seen.map((one) => ({ ...one, inspect: true }));
    await applyBatch(poll, { ...read, seen, repository, source: 'poll' });
    problem ??= firstOf(read.problems);
  }
  return { source: 'poll', problem };
}

/** A repository that was never listed completely: the newest images first, up to the cap. */
async function seeFirst(poll: RepositoryPoll, listed: Listed): Promise<Seen> {
  const { repository, tags } = listed;
  const { registry } = poll.lease;
  const source = registry.isFirst ? 'backlog' : 'poll';
  const read = await readDigests(poll, listed, tags);
  const { ordered, wanted, skipped } = await chooseNewest(read.seen, {
    ...{ client: poll.client, repository, signal: poll.signal, gate: poll.gate },
    ...{ kind: registry.settings.kind, count: registry.settings.backlog },
  });
  const chosen = ordered.map((one) => ({ ...one, inspect: wanted.has(one.digest) }));
  for (let at = 0; at < Math.max(1, chosen.length); at += watchLimits.tagsPerBatch) {
    const seen = chosen.slice(at, at + watchLimits.tagsPerBatch);
    await applyBatch(poll, { ...read, seen, repository, source });
  }
  await poll.database
    .updateTable('registry_repositories')
    .set({ skipped })
    .where('registry', '=', registry.id)
    .where('name', '=', repository)
    .execute();
  return { source, problem: firstOf(read.problems) };
}

function firstOf(problems: ReadonlyMap<string, WatchProblem>): WatchProblem | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const [tag, { code, detail }] = first;
  const more = problems.size === 1 ? '' : ` (and ${problems.size - 1} more)`;
  return { code, detail: `tag ${tag}${more}: ${detail}` };
}

interface ReadTags {
  readonly observedAt: Date;
  readonly seen: readonly Omit<SeenTag, 'inspect'>[];
  readonly problems: ReadonlyMap<string, WatchProblem>;
}

/** At most one request for each tag. */
async function readDigests(
  { database, client, gate, signal }: RepositoryPoll,
  { repository, digests }: Listed,
  tags: readonly string[],
): Promise<ReadTags> {
  const observedAt = await readNow(database);
  const problems = new Map<string, WatchProblem>();
  const read = async (tag: string): Promise<Omit<SeenTag, 'inspect'>[]> => {
    const listed = digests.get(tag);
    if (listed !== undefined) return [{ tag, digest: listed }];
    try {
      const { digest, mediaType } = await gate.run(
        () => headManifest(client, { repository, selector: tag, signal }),
        signal,
      );
      return [{ tag, digest, mediaType: mediaType === '' ? undefined : mediaType }];
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const problem = toProblem(error);
      if (isRegistryWide(problem)) throw error;
      problems.set(tag, problem);
      return [];
    }
  };
  const seen = (await Promise.all(tags.map(read))).flat();
  return { observedAt, seen, problems };
}

async function applyBatch(
  poll: RepositoryPoll,
  batch: Omit<ReadTags, 'seen'> & {
    readonly seen: readonly SeenTag[];
    readonly repository: string;
    readonly source: SeenContext['source'];
  },
): Promise<void> {
  const { repository, observedAt, source, seen, problems } = batch;
  await write(poll, repository, async (trx) => {
    const context = { registry: poll.lease.registry, repository, observedAt, source };
    await applyTags(trx, context, seen);
    await applyProblems(trx, context, problems);
  });
}

async function write(
  poll: RepositoryPoll,
  repository: string,
  work: (trx: Transaction<Database>) => Promise<void>,
): Promise<void> {
  poll.signal.throwIfAborted();
  await transaction(poll.database, async (trx) => {
    await poll.lease.check(trx);
    await lockRepository(trx, { registry: poll.lease.registry, repository });
    await work(trx);
  });
  poll.onChange();
}

interface KnownRepository {
  readonly listed_at: Date | null;
  readonly missing_since: Date | null;
}

async function findRepository(
  { database, lease }: RepositoryPoll,
  name: string,
): Promise<KnownRepository> {
  const registry = lease.registry.id;
  await database
    .insertInto('registry_repositories')
    .values({ registry, name })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return database
    .selectFrom('registry_repositories')
    .select(['listed_at', 'missing_since'])
    .where('registry', '=', registry)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
}

async function finishRepository(
  trx: Transaction<Database>,
  { registry, repository }: SeenContext,
  problem: WatchProblem | undefined,
): Promise<void> {
  await trx
    .updateTable('registry_repositories')
    .set({
      ...{ listed_at: sql<Date>`now()`, missing_since: null },
      ...{ problem_code: problem?.code ?? null, problem_detail: problem?.detail ?? null },
      tags: sql<number>`(select count(*) from registry_tags t where t.registry = ${registry.id}
        and t.repository = ${repository} and t.present)`,
    })
    .where('registry', '=', registry.id)
    .where('name', '=', repository)
    .execute();
}

/**
 * A list that failed proves nothing. "Not found" is trusted when the registry says it in two polls
 * in a row: some also say so when permissions are missing for a moment.
 */
async function failRepository(
  poll: RepositoryPoll,
  failure: {
    readonly repository: string;
    readonly observedAt: Date;
    readonly error: SourceError;
    readonly known: KnownRepository;
  },
): Promise<RepositoryResult> {
  const { repository, observedAt, error, known } = failure;
  const problem = toProblem(error);
  const isMissing = problem.code === 'not_found';
  const isGone = isMissing && known.missing_since !== null;
  await write(poll, repository, async (trx) => {
    const { registry } = poll.lease;
    if (isGone) {
      await applyAbsence(trx, { registry, repository, observedAt, source: 'poll' }, []);
    }
    await trx
      .updateTable('registry_repositories')
      .set({
        ...{ problem_code: problem.code, problem_detail: problem.detail },
        ...(isMissing && { missing_since: sql<Date>`coalesce(missing_since, now())` }),
        ...(isGone && { tags: 0 }),
      })
      .where('registry', '=', registry.id)
      .where('name', '=', repository)
      .execute();
  });
  if (isRegistryWide(problem)) throw error;
  return { problem: isGone ? undefined : problem };
}
