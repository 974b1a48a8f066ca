/**
 * What works with a registry and what does not, one result for each part: nothing is changed in the
 * registry. A part that cannot be found out, because an earlier one failed, is unknown.
 */
import { SourceError } from '@lazaret/oci';
import {
  listTags,
  probeApi,
  probeDeletion,
  probeReferrers,
  type RegistryClient,
} from '@lazaret/oci/registry';
import {
  plural,
  registryCheckNames,
  type RegistryCheck,
  type RegistryCheckName,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import {
  describeConnection,
  localAddress,
  openWatchedRegistry,
  type ClientParts,
  type WatchedRegistry,
} from './connection.ts';
import { watchLimits } from './limits.ts';
import { listWatchable } from './list-repositories.ts';
import { pingLocalEngine } from './poll-local-engine.ts';
import { toProblem } from './problem.ts';
import { readScope } from './repository-patterns.ts';

export interface CheckParts extends ClientParts {
  readonly database: Kysely<Database>;
  /** Of the local container engine. */
  readonly dockerHost: string;
  /** Whether notifications of the registry arrive; unknown to the registries themselves. */
  readonly checkNotifications?: (registry: string) => Promise<Finding>;
}

/** Stores the results and answers them. */
export async function checkRegistry(
  parts: CheckParts,
  registry: WatchedRegistry,
  caller: { readonly actor: string; readonly signal: AbortSignal },
): Promise<{ checkedAt: string; results: RegistryCheck[] }> {
  const signal = AbortSignal.any([caller.signal, AbortSignal.timeout(watchLimits.checkMs)]);
  const found = await new Checks(parts, registry, signal).run();
  const order = (one: RegistryCheck): number => registryCheckNames.indexOf(one.name);
  const results = found.toSorted((one, other) => order(one) - order(other));
  const checkedAt = new Date(parts.now()).toISOString();
  await transaction(parts.database, async (trx) => {
    await trx
      .updateTable('registries')
      .set({ check_results: JSON.stringify(results), checked_at: sql<Date>`${checkedAt}` })
      .where('id', '=', registry.id)
      .execute();
    const failed = results.filter(({ state }) => state === 'failed').map(({ name }) => name);
    const event = { type: 'registry.checked', subject: registry.name } as const;
    const { actor } = caller;
    await appendEvents(trx, [{ ...event, actor, project: registry.project, data: { failed } }]);
  });
  return { checkedAt, results };
}

type Finding = Omit<RegistryCheck, 'name'>;

class Checks {
  readonly #parts: CheckParts;
  readonly #registry: WatchedRegistry;
  readonly #signal: AbortSignal;
  readonly #results: RegistryCheck[] = [];
  /** One that exists, for what is asked of a repository. */
  #repository: string | undefined;

  constructor(parts: CheckParts, registry: WatchedRegistry, signal: AbortSignal) {
    this.#parts = parts;
    this.#registry = registry;
    this.#signal = signal;
  }

  async run(): Promise<RegistryCheck[]> {
    if (this.#registry.address === localAddress) {
      await this.#add('reach', () => this.#checkEngine());
      return this.#results;
    }
    await this.#add('credentials', () => this.#checkCredentials());
    let opened: Awaited<ReturnType<typeof openWatchedRegistry>>;
    try {
      const how = { signal: this.#signal, kind: 'interactive' } as const;
      opened = await openWatchedRegistry(this.#registry, this.#parts, how);
    } catch (error) {
      await this.#add('tls', () => Promise.reject(error as Error));
      return this.#results;
    }
    try {
      await this.#ask(opened.client);
    } finally {
      await opened.close();
    }
    return this.#results;
  }

  async #ask(client: RegistryClient): Promise<void> {
    const isReached = await this.#add('reach', () => this.#checkApi(client));
    const names = ['catalog', 'tags', 'delete', 'referrers'] as const;
    if (isReached) {
      await this.#add('catalog', () => this.#checkCatalog(client));
      await this.#add('tags', () => this.#checkTags(client));
      await this.#add('delete', () => this.#checkDeletion(client));
      await this.#add('referrers', () => this.#checkReferrers(client));
    } else {
      for (const name of names) {
        this.#results.push({ name, state: 'unknown', detail: 'the registry cannot be used' });
      }
    }
    await this.#add('webhook', () => this.#checkNotifications());
  }

  async #checkNotifications(): Promise<Finding> {
    const detail = 'hooks are not part of this process';
    const { checkNotifications: check } = this.#parts;
    return check === undefined ? { state: 'unknown', detail } : check(this.#registry.id);
  }

  /** Whether it did not fail. */
  async #add(name: RegistryCheckName, find: () => Promise<Finding>): Promise<boolean> {
    try {
      const found = await find();
      this.#results.push({ name, ...found });
      return found.state !== 'failed';
    } catch (error) {
      const { code, detail } = toProblem(error);
      this.#results.push({ name, state: 'failed', detail: `${detail} (${code})` });
      return false;
    }
  }

  async #checkEngine(): Promise<Finding> {
    const version = await pingLocalEngine(this.#parts.dockerHost, this.#signal);
    return { state: 'ok', detail: `the container engine answers with API ${version}` };
  }

  async #checkCredentials(): Promise<Finding> {
    const { address, settings } = this.#registry;
    const { credentials } = describeConnection(this.#registry, this.#parts);
    const query = { host: address, repository: '', signal: this.#signal };
    const found = await credentials?.find(query);
    if (found === undefined) {
      const isMeant = ['none', 'docker-config'].includes(settings.credentials);
      const detail = `${settings.credentials} has no credentials for ${address}: anonymous`;
      return { state: isMeant ? 'ok' : 'warning', detail };
    }
    const who = found.kind === 'password' ? `user ${found.username}` : `a ${found.kind} token`;
    return { state: 'ok', detail: `${settings.credentials}: ${who}` };
  }

  /** Also adds what follows from the answer: `tls` and `sign-in`. */
  async #checkApi(client: RegistryClient): Promise<Finding> {
    const { status, transport } = await probeApi(client, this.#signal);
    this.#results.push({
      name: 'tls',
      ...(transport === 'tls'
        ? { state: 'ok', detail: 'the certificate is trusted' }
        : { state: 'warning', detail: transportDetails[transport] }),
    });
    const isRefused = status === 401 || status === 403;
    this.#results.push({
      name: 'sign-in',
      state: isRefused ? 'failed' : 'ok',
      detail: isRefused ? `the credentials are refused with status ${status}` : 'accepted',
    });
    if (status === 200 || isRefused) {
      return { state: 'ok', detail: `${client.host} answers as a registry` };
    }
    return { state: 'failed', detail: `status ${status} for /v2/: not a registry` };
  }

  async #checkCatalog(client: RegistryClient): Promise<Finding> {
    const { settings, source } = this.#registry;
    const scope = await readScope(settings, { directory: this.#parts.directory, source });
    [this.#repository] = scope.named;
    try {
      const { kind } = settings;
      const found = await listWatchable(client, { kind, scope, signal: this.#signal });
      const { repositories, list, limitation } = found;
      const watched = repositories.filter((name) => scope.repositories.matches(name));
      this.#repository ??= watched[0];
      const count = plural(repositories.length, 'repository', 'repositories');
      const detail = `${list} has ${count}, ${watched.length} of them watched`;
      if (limitation === undefined) return { state: 'ok', detail };
      return { state: 'warning', detail: `${detail}; ${limitation}` };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const { detail } = toProblem(error);
      const advice = 'repositories with wildcards are not found; name them instead';
      const isNeeded = scope.needsCatalog;
      return { state: isNeeded ? 'failed' : 'warning', detail: `${detail}; ${advice}` };
    }
  }

  async #checkTags(client: RegistryClient): Promise<Finding> {
    const repository = this.#repository;
    if (repository === undefined) return withoutRepository;
    await listTags(client, repository, { signal: this.#signal });
    return { state: 'ok', detail: `the tags of ${repository} can be listed` };
  }

  async #checkDeletion(client: RegistryClient): Promise<Finding> {
    const repository = this.#repository;
    if (repository === undefined) return withoutRepository;
    const found = await probeDeletion(client, { repository, signal: this.#signal });
    return { state: found === 'enabled' ? 'ok' : 'warning', detail: deletionDetails[found] };
  }

  async #checkReferrers(client: RegistryClient): Promise<Finding> {
    const repository = this.#repository;
    if (repository === undefined) return withoutRepository;
    const hasApi = await probeReferrers(client, { repository, signal: this.#signal });
    return hasApi
      ? { state: 'ok', detail: 'the referrers API is available' }
      : { state: 'warning', detail: 'no referrers API: the fallback tag is used instead' };
  }
}

const withoutRepository: Finding = {
  state: 'unknown',
  detail: 'no watched repository is known to ask about',
};
const transportDetails = {
  'plain-http':
    'HTTP without TLS: content is verified by digest, tags and credentials are not safe',
  'unverified-tls': 'the certificate is not verified',
} as const;
const deletionDetails = {
  enabled: 'manifests can be deleted',
  disabled: 'deletion is disabled in the registry',
  denied: 'the credentials do not allow deletion',
} as const;
