/**
 * The hosts to query for an image, in order, while its source is open: the mirrors, then the
 * registry itself. Mirrors may lack anything; only the response of the registry counts as a
 * refusal.
 */
import type { SourceDiagnostic } from '@lazaret/protocol';

import { SourceError } from '../source-error.ts';
import type { RegistryClient } from './registry-client.ts';

export class Endpoints {
  /** Why mirrors were disabled. */
  readonly faults: SourceDiagnostic[] = [];
  readonly #mirrors: Set<RegistryClient>;
  readonly #registry: RegistryClient;

  constructor(registry: RegistryClient, mirrors: readonly RegistryClient[]) {
    this.#registry = registry;
    this.#mirrors = new Set(mirrors);
  }

  /** The first successful response. A mirror that fails other than with "not found" is disabled. */
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

  /** Rejects a response with the reason. True when the next request goes to another host. */
  refuse(client: RegistryClient, why: string): boolean {
    if (this.#mirrors.delete(client)) {
      const detail = `the mirror ${client.host} was disabled: ${why}`;
      this.faults.push({ reason: 'mirror_fault', detail: detail.slice(0, 1_000) });
    }
    return client !== this.#registry;
  }
}
