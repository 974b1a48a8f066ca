import type { Operation } from '@lazaret/protocol';

import { appendEvents } from '../floor/events/index.ts';
import type { Principal } from '../floor/principal.ts';
import { accessLimits } from './limits.ts';
import type { AccessParts } from './parts.ts';

/**
 * Writes refusals for missing permissions to the audit log, the same one at most once a minute, so
 * that a program that keeps trying does not fill it.
 */
export class Denials {
  readonly #parts: AccessParts;
  readonly #recent = new Set<string>();

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  async record(principal: Principal, operation: Operation, address: string): Promise<void> {
    const key = `${principal.kind} ${principal.name} ${operation.name}`;
    if (this.#recent.has(key) || this.#recent.size >= accessLimits.deniedRemembered) return;
    this.#recent.add(key);
    setTimeout(() => this.#recent.delete(key), accessLimits.deniedRepeatMs).unref();
    try {
      await this.#append(principal, operation, address);
    } catch (error) {
      // The caller already has the response; only the entry is lost.
      this.#parts.log.error({ err: error, operation: operation.name }, 'refusal not recorded');
    }
  }

  async #append(principal: Principal, operation: Operation, address: string): Promise<void> {
    const { kind, name } = principal;
    await appendEvents(this.#parts.database, [
      {
        type: 'access.denied',
        subject: name,
        actor: name,
        data: { operation: operation.name, needs: operation.access, by: kind, address },
      },
    ]);
    this.#parts.onEvents();
  }
}
