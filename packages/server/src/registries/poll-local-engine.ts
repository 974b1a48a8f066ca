/** The images of the server's own container engine, watched as a registry: one complete listing. */
import { createDockerClient, DockerError } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import { sql } from 'kysely';
import { z } from 'zod';

import { transaction } from '../floor/db/index.ts';
import { applyAbsence, applyTags, lockRepository, readNow } from './apply-tags.ts';
import { orderNewest } from './newest-first.ts';
import type { PollContext, PollParts } from './poll-context.ts';
import type { WatchProblem } from './problem.ts';

const imageList = z.array(
  z.object({ Id: z.string(), RepoTags: z.array(z.string()).nullish(), Created: z.number() }),
);

interface LocalTag {
  readonly repository: string;
  readonly tag: string;
  /** Of the configuration: what the engine calls the image's ID. */
  readonly digest: string;
  readonly created: number;
}

/** Throws SourceError when the engine cannot be asked. */
export async function pollLocalEngine(
  parts: PollParts,
  context: PollContext,
): Promise<WatchProblem | undefined> {
  const { lease, scope, signal } = context;
  const observedAt = await readNow(parts.database);
  const tags = (await listImages(parts.dockerHost, signal)).filter(
    ({ repository, tag }) => scope.repositories.matches(repository) && scope.tags.matches(tag),
  );
  const known = await parts.database
    .selectFrom('registry_repositories')
    .select(['name', 'listed_at'])
    .where('registry', '=', lease.registry.id)
    .execute();
  const listedAt = new Map(known.map((row) => [row.name, row.listed_at]));
  const names = new Set([...tags.map(({ repository }) => repository), ...listedAt.keys()]);
  for (const repository of names) {
    const own = tags.filter((one) => one.repository === repository);
    const isFirstSight = (listedAt.get(repository) ?? null) === null;
    await writeRepository(parts, context, { repository, own, isFirstSight, observedAt });
    parts.onChange();
  }
  return undefined;
}

async function writeRepository(
  { database }: PollParts,
  { lease }: PollContext,
  about: {
    readonly repository: string;
    readonly own: readonly LocalTag[];
    readonly isFirstSight: boolean;
    readonly observedAt: Date;
  },
): Promise<void> {
  const { registry } = lease;
  const { repository, own, isFirstSight, observedAt } = about;
  const created = new Map(own.map((one) => [one.digest, one.created]));
  const count = isFirstSight ? registry.settings.backlog : own.length;
  const { ordered, wanted, skipped } = orderNewest(own, created, count);
  await transaction(database, async (trx) => {
    await lease.check(trx);
    await lockRepository(trx, { registry, repository });
    const source = isFirstSight && registry.isFirst ? 'backlog' : 'poll';
    const context = { registry, repository, source, observedAt } as const;
    const seen = ordered.map(({ tag, digest }) => ({ tag, digest, inspect: wanted.has(digest) }));
    await applyTags(trx, context, seen);
    await applyAbsence(
      trx,
      context,
      own.map(({ tag }) => tag),
    );
    await trx
      .insertInto('registry_repositories')
      .values({
        ...{ registry: registry.id, name: repository, listed_at: sql<Date>`now()` },
        ...{ tags: own.length, skipped },
      })
      .onConflict((conflict) =>
        conflict.columns(['registry', 'name']).doUpdateSet({
          ...{ listed_at: sql<Date>`now()`, tags: own.length, missing_since: null },
          ...(isFirstSight && { skipped }),
        }),
      )
      .execute();
  });
}

/** Images without a tag are skipped, as they have no name to be watched by. */
async function listImages(address: string, signal: AbortSignal): Promise<LocalTag[]> {
  const client = createDockerClient({ address });
  try {
    const images = await client.call({ method: 'GET', path: '/images/json', signal }, imageList);
    return images.flatMap(({ Id, RepoTags, Created }) =>
      (RepoTags ?? []).flatMap((name): LocalTag[] => {
        const colon = name.lastIndexOf(':');
        const repository = name.slice(0, colon);
        if (colon < 1 || repository === '<none>') return [];
        const tag = name.slice(colon + 1);
        return [{ repository, tag, digest: Id, created: Created * 1_000 }];
      }),
    );
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    throw new SourceError('unreachable', `the container engine: ${error.message}`);
  } finally {
    await client.close();
  }
}

/** The version of the engine's API. Throws SourceError when it cannot be asked. */
export async function pingLocalEngine(address: string, signal: AbortSignal): Promise<string> {
  const client = createDockerClient({ address });
  try {
    return await client.version(signal);
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    throw new SourceError('unreachable', `the container engine: ${error.message}`);
  } finally {
    await client.close();
  }
}
