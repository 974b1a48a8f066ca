/**
 * The registries behind the gate. Addresses and credentials come from the settings of watched
 * registries only, never from a request; they are read again every few seconds. Connections are
 * kept until the settings change.
 */
import { isRepository } from '@lazaret/oci';
import type { RegistryClient } from '@lazaret/oci/registry';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import {
  findInProject,
  localAddress,
  openWatchedRegistry,
  type ClientParts,
  type OpenedRegistry,
  type WatchedRegistry,
} from '../registries/index.ts';
import { GateError, retryLater } from './gate-error.ts';
import type { GateSettings } from './gate-settings.ts';
import { gateLimits } from './limits.ts';
import { available, DecisionsUnavailable } from './read-image-state.ts';
import { RecentMap } from './recent-map.ts';

/** A repository of a registry behind the gate. */
export interface Upstream {
  readonly registry: WatchedRegistry;
  readonly repository: string;
  /** The path of the repository at the gate: with the registry, where names begin with it. */
  readonly name: string;
  readonly client: RegistryClient;
}

export interface UpstreamParts extends ClientParts {
  readonly database: Kysely<Database>;
  readonly monotonicMs: () => number;
}

type RegistryKey = { readonly name: string } | { readonly address: string };

interface KnownRegistry {
  readonly found: WatchedRegistry | undefined;
  readonly at: number;
}

export class Upstreams {
  readonly #parts: UpstreamParts;
  readonly #gate: GateSettings;
  readonly #known = new RecentMap<string, KnownRegistry>(gateLimits.registriesCached);
  readonly #open = new Map<string, { print: string; opened: Promise<OpenedRegistry> }>();
  readonly #retired = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();

  constructor(parts: UpstreamParts, gate: GateSettings) {
    this.#parts = parts;
    this.#gate = gate;
  }

  /**
   * The repository of a name in a path. `namespace` is the host that a client of a mirror asks
   * for (`?ns=`). Throws GateError.
   */
  async find(name: string, namespace: string | undefined): Promise<Upstream> {
    if (namespace !== undefined)
      return this.#openRepository(await this.byAddress(namespace), name, name);
    const { registry: only } = this.#gate;
    if (only !== undefined) return this.#openRepository(await this.#byName(only), name, name);
    const slash = name.indexOf('/');
    if (slash < 0) {
      const expected = 'expected REGISTRY/REPOSITORY with the name of a registry in Lazaret';
      throw new GateError('NAME_UNKNOWN', `no registry is named in "${cut(name)}"; ${expected}`);
    }
    return this.#openRepository(
      await this.#byName(name.slice(0, slash)),
      name.slice(slash + 1),
      name,
    );
  }

  /** The registry of the catalog: that of the mirror, or the only one. */
  async findRegistry(namespace: string | undefined): Promise<Pick<Upstream, 'client'>> {
    const { registry: only } = this.#gate;
    if (namespace === undefined && only === undefined) {
      const why = 'the gate serves several registries; ask for one with ?ns=HOST';
      throw new GateError('UNSUPPORTED', why);
    }
    const registry =
      namespace === undefined ? await this.#byName(only ?? '') : await this.byAddress(namespace);
    return { client: await this.#clientOf(registry) };
  }

  /** Throws GateError NAME_UNKNOWN. */
  async byAddress(host: string): Promise<WatchedRegistry> {
    const registry = await this.#read({ address: host });
    if (registry !== undefined) return registry;
    const project = this.#gate.project;
    const why = `no registry with the address ${cut(host)} is configured in the project ${project}`;
    throw new GateError('NAME_UNKNOWN', why);
  }

  /** A repository of a registry that was found. Throws GateError. */
  open(registry: WatchedRegistry, repository: string): Promise<Upstream> {
    return this.#openRepository(registry, repository, repository);
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('the gate stops'));
    for (const timer of this.#retired) clearTimeout(timer);
    const open = [...this.#open.values()].map(({ opened }) => opened);
    for (const one of await Promise.allSettled(open)) {
      if (one.status === 'fulfilled') await one.value.close();
    }
  }

  async #byName(name: string): Promise<WatchedRegistry> {
    const registry = await this.#read({ name });
    if (registry !== undefined) return registry;
    const project = this.#gate.project;
    const why = `no registry "${cut(name)}" is configured in the project ${project}`;
    throw new GateError('NAME_UNKNOWN', why);
  }

  async #openRepository(
    registry: WatchedRegistry,
    repository: string,
    name: string,
  ): Promise<Upstream> {
    if (!isRepository(repository)) {
      throw new GateError('NAME_INVALID', `invalid repository name "${cut(repository)}"`);
    }
    if (registry.address === localAddress) {
      const why = `${registry.name} is the local container engine, which serves no pulls`;
      throw new GateError('NAME_UNKNOWN', why);
    }
    return { registry, repository, name, client: await this.#clientOf(registry) };
  }

  /** While the database is unavailable the last settings are used. */
  async #read(by: RegistryKey): Promise<WatchedRegistry | undefined> {
    const key = JSON.stringify(by);
    const known = this.#known.get(key);
    const now = this.#parts.monotonicMs();
    if (known !== undefined && now - known.at < gateLimits.registryCacheMs) return known.found;
    const { database } = this.#parts;
    try {
      const found = await available(() => findInProject(database, this.#gate.project, by));
      // Misses are not kept: anyone could fill the memory with them.
      if (found === undefined) this.#known.delete(key);
      else this.#known.set(key, { found, at: now });
      return found;
    } catch (error) {
      if (!(error instanceof DecisionsUnavailable)) throw error;
      if (known !== undefined) return known.found;
      const message = 'the registry cannot be looked up: the database is unavailable';
      throw new GateError('UNAVAILABLE', message, { headers: retryLater() });
    }
  }

  async #clientOf(registry: WatchedRegistry): Promise<RegistryClient> {
    const print = JSON.stringify([registry.address, registry.source, registry.settings]);
    const open = this.#open.get(registry.id);
    if (open?.print === print) return (await open.opened).client;
    if (open !== undefined) this.#retire(open.opened);
    const opened = openWatchedRegistry(registry, this.#parts, {
      ...{ signal: this.#stopped.signal, kind: 'interactive' },
      connections: gateLimits.upstreamConnections,
    });
    this.#open.set(registry.id, { print, opened });
    // A file of the settings may be readable on the next attempt.
    opened.catch(() => this.#open.delete(registry.id));
    return (await opened).client;
  }

  /** Transfers that run over the connections may end. */
  #retire(opened: Promise<OpenedRegistry>): void {
    const timer = setTimeout(() => {
      this.#retired.delete(timer);
      void opened.then((one) => one.close()).catch(() => undefined);
    }, gateLimits.retiredMs);
    timer.unref();
    this.#retired.add(timer);
  }
}

function cut(text: string): string {
  return text.slice(0, 100);
}
