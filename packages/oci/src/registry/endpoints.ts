/**
 * Who is asked for an image, in order, for as long as its source is open: the mirrors, then the
 * registry itself. Mirrors may lack anything for any reason; only the registry's own answer counts
 * as a refusal.
 */
import type { SourceRemark } from '@lazaret/protocol';

import { SourceError } from '../image-source.ts';
import type { RegistryClient } from './registry-client.ts';

export class Endpoints {
  /** Why mirrors are not asked any more. */
  readonly faults: SourceRemark[] = [];
  readonly #mirrors: Set<RegistryClient>;
  readonly #registry: RegistryClient;

  constructor(registry: RegistryClient, mirrors: readonly RegistryClient[]) {
    this.#registry = registry;
    this.#mirrors = new Set(mirrors);
  }

  /** The first answer; a mirror that fails in another way than lacking it is not asked again. */
  async first<T>(ask: (client: RegistryClient) => Promise<T>): Promise<T> {
    for (const mirror of this.#mirrors) {
      try {
        return await ask(mirror);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (error.code !== 'not_found') this.refuse(mirror, error.message);
      }
    }
    return ask(this.#registry);
  }

  async some(ask: (client: RegistryClient) => Promise<boolean>): Promise<boolean> {
    for (const mirror of this.#mirrors) {
      if (await ask(mirror).catch(() => false)) return true;
    }
    return ask(this.#registry);
  }

  /** Told why an answer was of no use. True when somebody else will be asked the next time. */
  refuse(client: RegistryClient, why: string): boolean {
    if (this.#mirrors.delete(client)) {
      const detail = `the mirror ${client.host} is not asked any more: ${why}`;
      this.faults.push({ reason: 'mirror_fault', detail: detail.slice(0, 1_000) });
    }
    return client !== this.#registry;
  }
}
