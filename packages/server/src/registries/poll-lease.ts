/**
 * The lease of a watcher on one registry, for one poll. Each poll has another fence, and every
 * write of a poll checks it in its own transaction, so that a watcher whose lease expired changes
 * nothing any more. The lease of a process that was killed expires, and the poll is started again.
 */
import { jitteredBackoffMs } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';
import { readSettings, type WatchedRegistry } from './connection.ts';
import { watchLimits } from './limits.ts';
import type { WatchProblem } from './problem.ts';

export interface LeasedRegistry extends WatchedRegistry {
  /** Whether no poll ever read everything: what is there is the backlog. */
  readonly isFirst: boolean;
  /** Failed polls before this one, in a row. */
  readonly failures: number;
}

export interface PollResult {
  readonly requests: number;
  /** Undefined when everything was read. */
  readonly problem?: WatchProblem | undefined;
  /** Whether the registry could not be used at all. */
  readonly failed: boolean;
}

export interface LeaseParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/** Another watcher polls the registry, or it was changed or removed. */
export class LeaseLostError extends Error {
  constructor(registry: string) {
    super(`another watcher polls the registry ${registry}`);
    this.name = 'LeaseLostError';
  }
}

const leaseEnd = sql<Date>`now() + ${watchLimits.leaseMs} * interval '1 millisecond'`;

export class PollLease {
  readonly registry: LeasedRegistry;
  readonly fence: string;
  readonly #parts: LeaseParts;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  private constructor(parts: LeaseParts, registry: LeasedRegistry, fence: string) {
    this.#parts = parts;
    this.registry = registry;
    this.fence = fence;
    this.#timer = setInterval(() => {
      this.#renew().catch((error: unknown) => {
        parts.log.warn({ err: error, registry: registry.name }, 'a lease could not be renewed');
      });
    }, watchLimits.leaseRenewMs);
  }

  /** The registry that is due for the longest time; undefined when none is. */
  static async claim(parts: LeaseParts): Promise<PollLease | undefined> {
    const fence = newId();
    const row = await transaction(parts.database, async (trx) => {
      const due = await findDue(trx);
      if (due === undefined) return undefined;
      const { pollInterval } = readSettings(due.settings);
      const jitter = 1 + watchLimits.pollJitter * (2 * parts.random() - 1);
      const nextMs = Math.round(pollInterval * 1_000 * jitter);
      await trx
        .updateTable('registries')
        .set({
          ...{ fence, lease_until: leaseEnd, poll_started_at: sql<Date>`now()` },
          next_poll_at: sql<Date>`now() + ${nextMs} * interval '1 millisecond'`,
        })
        .where('id', '=', due.id)
        .execute();
      return due;
    });
    if (row === undefined) return undefined;
    const { id, project, name, address, failures } = row;
    const source = row.source === 'file' ? 'file' : 'api';
    const settings = readSettings(row.settings);
    const isFirst = row.poll_complete_at === null;
    const leased: LeasedRegistry = {
      id,
      project,
      name,
      address,
      settings,
      source,
      failures,
      isFirst,
    };
    return new PollLease(parts, leased, fence);
  }

  /** Aborts when the lease is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws unless the lease still holds; it holds until the end of the transaction. */
  async check(trx: Transaction<Database>): Promise<void> {
    const row = await trx
      .selectFrom('registries')
      .select('id')
      .where('id', '=', this.registry.id)
      .where('fence', '=', this.fence)
      .forShare()
      .executeTakeFirst();
    if (row === undefined) throw new LeaseLostError(this.registry.name);
  }

  /** Ends the poll with its result. */
  async finish({ requests, problem, failed }: PollResult): Promise<void> {
    this.close();
    const { failures } = this.registry;
    const delayMs = Math.max(problem?.afterMs ?? 0, backoffMs(failures, this.#parts.random));
    await this.#parts.database
      .updateTable('registries')
      .set({
        ...{ fence: null, lease_until: null, poll_finished_at: sql<Date>`now()` },
        ...{ poll_requests: requests, failures: failed ? failures + 1 : 0 },
        ...{ problem_code: problem?.code ?? null, problem_detail: problem?.detail ?? null },
        problem_since: problem === undefined ? null : sql<Date>`coalesce(problem_since, now())`,
        ...(problem === undefined && { poll_complete_at: sql<Date>`now()` }),
        ...(failed && {
          next_poll_at: sql<Date>`now() + ${Math.round(delayMs)} * interval '1 millisecond'`,
        }),
      })
      .where('id', '=', this.registry.id)
      .where('fence', '=', this.fence)
      .execute();
  }

  /** Gives the registry back at once, for another watcher: this process stops. */
  async release(): Promise<void> {
    this.close();
    await this.#parts.database
      .updateTable('registries')
      .set({ fence: null, lease_until: null, next_poll_at: sql<Date>`now()` })
      .where('id', '=', this.registry.id)
      .where('fence', '=', this.fence)
      .execute();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const { numUpdatedRows } = await this.#parts.database
      .updateTable('registries')
      .set({ lease_until: leaseEnd })
      .where('id', '=', this.registry.id)
      .where('fence', '=', this.fence)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return;
    this.close();
    this.#lost.abort(new LeaseLostError(this.registry.name));
  }
}

function findDue(trx: Transaction<Database>) {
  return (
    trx
      .selectFrom('registries')
      .selectAll()
      .where('enabled', '=', true)
      .where(
        // A poll that was cut off is due whatever its next time is.
        sql<boolean>`((fence is null and next_poll_at <= now()) or lease_until < now())`,
      )
      .orderBy('next_poll_at')
      .limit(1)
      // Not `for update`, which would skip a registry while a push to it is recorded.
      .forNoKeyUpdate()
      .skipLocked()
      .executeTakeFirst()
  );
}

function backoffMs(failures: number, random: () => number): number {
  const bounds = { initialMs: watchLimits.backoffMs, maxMs: watchLimits.backoffMaxMs };
  return jitteredBackoffMs(failures, bounds, random);
}
