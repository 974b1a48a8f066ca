/**
 * Requests that are not authentic: they are counted and otherwise forgotten. Each failure at a hook
 * from one address uses up that address's allowance at that hook alone, so a stranger who does not
 * know the path of a hook cannot block its registry. Unknown paths share one allowance per
 * address. Counters are written now and then, since a refusal must not cost a transaction.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import { addressPlace } from '../access/index.ts';
import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { hookLimits } from './limits.ts';
import { addRefusals, type HookRow } from './store.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface RefusalParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onEvents: () => void;
  readonly monotonicMs: () => number;
}

interface Pending {
  readonly hook: Pick<HookRow, 'id' | 'name' | 'project'>;
  count: number;
  reason: string;
  address: string;
}

export class Refusals {
  readonly #parts: RefusalParts;
  readonly #allowance: TokenBuckets;
  readonly #pending = new Map<string, Pending>();
  /** By hook: what was refused since the last event, and when that was. */
  readonly #reported = new Map<string, { count: number; atMs: number }>();

  constructor(parts: RefusalParts) {
    this.#parts = parts;
    this.#allowance = new TokenBuckets({
      capacity: hookLimits.refusalsFree,
      perSecond: hookLimits.refusalsPerSecond,
      keys: hookLimits.refusalKeys,
      monotonicMs: parts.monotonicMs,
    });
  }

  /** Whether so many requests from the address were refused that the next one is not checked. */
  isThrottled(path: string, address: string): boolean {
    return this.#allowance.isEmpty(keyOf(path, address));
  }

  /** Counts a refusal; of a hook, or of a path that no hook has. */
  count(
    hook: HookRow | undefined,
    refused: { readonly reason: string; readonly address: string },
  ): void {
    const { reason, address } = refused;
    this.#allowance.take(keyOf(hook?.path ?? '', address));
    this.#parts.log.debug({ hook: hook?.name, address, reason }, 'notification refused');
    if (hook === undefined) return;
    const { id, name, project } = hook;
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      this.#pending.set(id, { hook: { id, name, project }, count: 1, reason, address });
    } else {
      Object.assign(pending, { count: pending.count + 1, reason, address });
    }
  }

  /** Writes what was counted. */
  async flush(): Promise<void> {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const one of all) await this.#write(one);
  }

  async #write({ hook, count, reason, address }: Pending): Promise<void> {
    const nowMs = this.#parts.monotonicMs();
    const before = this.#reported.get(hook.id) ?? { count: 0, atMs: -Infinity };
    const total = before.count + count;
    const isDue = nowMs - before.atMs >= hookLimits.refusalEventMs;
    this.#reported.set(hook.id, isDue ? { count: 0, atMs: nowMs } : { ...before, count: total });
    await transaction(this.#parts.database, async (trx) => {
      const exists = await addRefusals(trx, hook.id, { count, reason, address });
      if (!exists || !isDue) return;
      const { name: subject, project } = hook;
      const data = { requests: total, reason, address };
      const type = 'hook.delivery_refused';
      await appendEvents(trx, [{ type, subject, project, actor: 'anonymous', data }]);
    });
    if (isDue) this.#parts.onEvents();
  }
}

function keyOf(path: string, address: string): string {
  return `${addressPlace(address)} ${path}`;
}
