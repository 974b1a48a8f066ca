/**
 * A poll of one registry: which repositories are watched, then each of them. What cannot be read
 * leaves everything as it is known and is shown as a problem; when the registry itself cannot be
 * used the poll ends, and the next one waits longer after each failure.
 */
import { createConcurrencyGate } from '@lazaret/docker';
import { SourceError } from '@lazaret/oci';
import type { RegistryClient } from '@lazaret/oci/registry';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { localAddress, openWatchedRegistry, type OpenedRegistry } from './connection.ts';
import { watchLimits } from './limits.ts';
import { listWatchable } from './list-repositories.ts';
import { pollLocalEngine } from './poll-local-engine.ts';
import type { PollContext, PollParts } from './poll-context.ts';
import { LeaseLostError, type PollLease } from './poll-lease.ts';
import { pollRepository } from './poll-repository.ts';
import { isRegistryWide, toProblem, type WatchProblem } from './problem.ts';
import { readScope, type WatchScope } from './repository-patterns.ts';

/** Never throws, unless the database fails. */
export async function pollRegistry(
  parts: PollParts,
  lease: PollLease,
  stop: AbortSignal,
): Promise<void> {
  const { registry } = lease;
  const signal = AbortSignal.any([stop, lease.signal]);
  let opened: OpenedRegistry | undefined;
  try {
    const place = { directory: parts.directory, source: registry.source };
    const scope = await readScope(registry.settings, place);
    await forgetUnwatched(parts.database, lease, scope);
    let problem: WatchProblem | undefined;
    if (registry.address === localAddress) {
      problem = await pollLocalEngine(parts, { lease, scope, signal });
    } else {
      opened = await openWatchedRegistry(registry, parts, { signal });
      problem = await pollRepositories(parts, { lease, scope, signal, client: opened.client });
    }
    await lease.finish({ requests: opened?.requests() ?? 1, problem, failed: false });
  } catch (error) {
    if (stop.aborted) return await lease.release();
    if (error instanceof LeaseLostError || lease.signal.aborted) return;
    const problem = toProblem(error);
    if (problem.code === 'internal') {
      parts.log.error({ err: error, registry: registry.name }, 'the poll of a registry failed');
    }
    await lease.finish({ requests: opened?.requests() ?? 0, problem, failed: true });
  } finally {
    lease.close();
    await opened?.close();
    parts.onChange();
  }
}

/** The first problem of a repository; throws when the registry as a whole cannot be used. */
async function pollRepositories(
  parts: PollParts,
  context: PollContext & { readonly client: RegistryClient },
): Promise<WatchProblem | undefined> {
  const { lease, client, signal } = context;
  const { repositories, problem: catalog } = await chooseRepositories(parts.database, context);
  const gate = createConcurrencyGate(watchLimits.requestsAtOnce);
  const { database, onChange } = parts;
  const poll = { database, lease, scope: context.scope, client, gate, signal, onChange };
  const queue = [...repositories];
  let first: WatchProblem | undefined = catalog;
  let inRow = 0;
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      try {
        const { problem } = await pollRepository(poll, name);
        if (problem !== undefined) {
          first ??= { ...problem, detail: `${name}: ${problem.detail}` };
        }
        inRow = 0;
      } catch (error) {
        const problem = error instanceof SourceError ? toProblem(error) : undefined;
        inRow += 1;
        // One slow repository is not a registry that is down, but a refused rate is for all.
        const isAlone = inRow < watchLimits.failuresInRow && inRow < repositories.length;
        if (problem?.code !== 'unreachable' || !isAlone) {
          queue.length = 0;
          throw error;
        }
        first ??= { ...problem, detail: `${name}: ${problem.detail}` };
      }
    }
  };
  const workers = Math.min(watchLimits.repositoriesAtOnce, queue.length);
  const results = await Promise.allSettled(Array.from({ length: workers }, work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return first;
}

/**
 * Named repositories, listed ones that match, and known ones that match: a list of repositories
 * proves nothing about what it does not contain, the list of tags does.
 */
async function chooseRepositories(
  database: Kysely<Database>,
  { lease, scope, client, signal }: PollContext & { readonly client: RegistryClient },
): Promise<{ readonly repositories: readonly string[]; readonly problem?: WatchProblem }> {
  const known = await readKnown(database, lease.registry.id);
  const before = known.filter((name) => scope.repositories.matches(name));
  if (!scope.needsCatalog) return { repositories: merge(scope.named, before) };
  try {
    const { kind } = lease.registry.settings;
    const { repositories: listed } = await listWatchable(client, { kind, scope, signal });
    const matching = listed.filter((name) => scope.repositories.matches(name));
    return { repositories: merge(scope.named, matching, before) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const problem = toProblem(error);
    if (isRegistryWide(problem)) throw error;
    const advice = 'name repositories without wildcards, or in a list file';
    return {
      repositories: merge(scope.named, before),
      problem: { ...problem, detail: `${problem.detail}; ${advice}` },
    };
  }
}

function merge(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

async function readKnown(database: Kysely<Database>, registry: string): Promise<string[]> {
  const rows = await database
    .selectFrom('registry_repositories')
    .select('name')
    .where('registry', '=', registry)
    // Those that are gone are found again by the catalog, or because they are named.
    .where(sql<boolean>`not (missing_since is not null and tags = 0)`)
    .orderBy('listed_at', (order) => order.asc().nullsFirst())
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * Repositories that the settings no longer include: their state is forgotten, so that they are seen
 * for the first time when they are included again. History and arrivals stay.
 */
async function forgetUnwatched(
  database: Kysely<Database>,
  { registry, fence }: PollLease,
  scope: WatchScope,
): Promise<void> {
  const rows = await database
    .selectFrom('registry_repositories')
    .select('name')
    .where('registry', '=', registry.id)
    .execute();
  const names = rows.map(({ name }) => name).filter((name) => !scope.repositories.matches(name));
  if (names.length === 0) return;
  for (const [table, column] of [
    ['registry_tags', 'repository'],
    ['registry_repositories', 'name'],
  ] as const) {
    await sql`delete from ${sql.table(table)} where registry = ${registry.id}
      and ${sql.ref(column)} = any(${names}::text[])
      and exists (select from registries where id = ${registry.id} and fence = ${fence})`.execute(
      database,
    );
  }
}
