/**
 * The lease of a process on one action. Each run has another fence, every write of a run checks it,
 * and a step is recorded before it begins. The lease of a process that was killed expires, and
 * another one continues the action: every step can be repeated. Actions in one repository run one
 * after the other.
 */
import { jitteredBackoffMs, type ActionOutcome, type ActionStepName } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { Logger } from 'pino';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { actionLimits } from './limits.ts';

export type ActionRow = Selectable<Database['actions']>;

export interface ActionProblem {
  readonly code: string;
  readonly detail: string;
  /** How long the registry asked to wait. */
  readonly afterMs?: number | undefined;
  /** Whether it may work later. */
  readonly isTransient: boolean;
}

export interface LeaseParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/** Another process runs the action. */
export class ActionLeaseLostError extends Error {
  constructor(id: string) {
    super(`another process runs the action ${id}`);
    this.name = 'ActionLeaseLostError';
  }
}

const leaseEnd = sql<Date>`now() + ${actionLimits.leaseMs} * interval '1 millisecond'`;

export class ActionLease {
  readonly action: ActionRow;
  readonly #parts: LeaseParts;
  readonly #fence: string;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  private constructor(parts: LeaseParts, action: ActionRow, fence: string) {
    this.#parts = parts;
    this.action = action;
    this.#fence = fence;
    this.#timer = setInterval(() => {
      this.#renew().catch((error: unknown) => {
        parts.log.warn({ err: error, action: action.id }, 'a lease could not be renewed');
      });
    }, actionLimits.leaseRenewMs);
  }

  /** The action that is due for the longest time; undefined when none is. */
  static async claim(parts: LeaseParts): Promise<ActionLease | undefined> {
    const fence = newId();
    const row = await transaction(parts.database, async (trx) => {
      // So that two processes do not start two actions in one repository.
      await sql`select pg_advisory_xact_lock(hashtextextended('claim of an action', 0))`.execute(
        trx,
      );
      const due = await findDue(trx);
      if (due === undefined) return undefined;
      await trx
        .updateTable('actions')
        .set({ fence, lease_until: leaseEnd, state: 'running', attempts: due.attempts + 1 })
        .where('id', '=', due.id)
        .execute();
      return { ...due, attempts: due.attempts + 1 };
    });
    return row === undefined ? undefined : new ActionLease(parts, row, fence);
  }

  /** Aborts when the lease is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Records a step before it begins. Throws when the lease is lost. */
  async begin(name: ActionStepName, detail: string): Promise<void> {
    const step = JSON.stringify([{ name, at: new Date(0).toISOString(), detail }]);
    await this.write(async (trx) => {
      await trx
        .updateTable('actions')
        .set({
          step: name,
          steps: sql<string>`steps || jsonb_set(${step}::jsonb, '{0,at}',
            to_jsonb(to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))`,
        })
        .where('id', '=', this.action.id)
        .execute();
    });
  }

  /** Runs writes in one transaction, only while the lease holds. */
  async write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    return transaction(this.#parts.database, async (trx) => {
      const row = await trx
        .selectFrom('actions')
        .select('id')
        .where('id', '=', this.action.id)
        .where('fence', '=', this.#fence)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) throw new ActionLeaseLostError(this.action.id);
      return work(trx);
    });
  }

  /** Ends the action with its result, with other writes in the same transaction. */
  async finish(
    result: { readonly outcome: ActionOutcome; readonly problem?: ActionProblem | undefined },
    also: (trx: Transaction<Database>) => Promise<void>,
  ): Promise<void> {
    const { outcome, problem } = result;
    await this.write(async (trx) => {
      await also(trx);
      await trx
        .updateTable('actions')
        .set({ ...ended, state: 'done', outcome, ...problemColumns(problem) })
        .where('id', '=', this.action.id)
        .execute();
      await this.#record(trx, 'action.finished', { outcome, problem: problem?.detail });
    });
    this.close();
  }

  /**
   * Ends a run that failed: the action is repeated later if that may help, and has failed
   * otherwise; then `also` writes what that means.
   */
  async fail(
    problem: ActionProblem,
    also: (trx: Transaction<Database>) => Promise<void>,
  ): Promise<void> {
    const { attempts } = this.action;
    const isRepeated = problem.isTransient && attempts < actionLimits.attempts;
    const bounds = { initialMs: actionLimits.backoffMs, maxMs: actionLimits.backoffMaxMs };
    const backoffMs = jitteredBackoffMs(attempts - 1, bounds, this.#parts.random);
    const delayMs = Math.round(Math.max(problem.afterMs ?? 0, backoffMs));
    await this.write(async (trx) => {
      if (!isRepeated) await also(trx);
      await trx
        .updateTable('actions')
        .set({
          ...(isRepeated
            ? { state: 'approved', fence: null, lease_until: null }
            : { ...ended, state: 'failed' }),
          ...problemColumns(problem),
          retry_at: sql<Date>`now() + ${delayMs} * interval '1 millisecond'`,
        })
        .where('id', '=', this.action.id)
        .execute();
      const { code, detail } = problem;
      if (!isRepeated) await this.#record(trx, 'action.failed', { problem: detail, code });
    });
    this.close();
  }

  /** Stops before anything was removed, and asks a person: more would change than was decided. */
  async propose(
    reason: string,
    also: (trx: Transaction<Database>) => Promise<void>,
  ): Promise<void> {
    await this.write(async (trx) => {
      await also(trx);
      await trx
        .updateTable('actions')
        .set({
          ...{ state: 'proposed', fence: null, lease_until: null, step: null, item: null },
          approval_reason: reason,
        })
        .where('id', '=', this.action.id)
        .execute();
      await this.#record(trx, 'action.proposed', { reason });
    });
    this.close();
  }

  /** Gives the action back at once, for another process: this one stops. */
  async release(): Promise<void> {
    this.close();
    await this.#parts.database
      .updateTable('actions')
      .set({ state: 'approved', fence: null, lease_until: null, retry_at: sql<Date>`now()` })
      .where('id', '=', this.action.id)
      .where('fence', '=', this.#fence)
      .execute();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const { numUpdatedRows } = await this.#parts.database
      .updateTable('actions')
      .set({ lease_until: leaseEnd })
      .where('id', '=', this.action.id)
      .where('fence', '=', this.#fence)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return;
    this.close();
    this.#lost.abort(new ActionLeaseLostError(this.action.id));
  }

  async #record(
    trx: Transaction<Database>,
    type: 'action.finished' | 'action.failed' | 'action.proposed',
    data: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { id, project, kind, repository, digest, registry_name: registry } = this.action;
    const about = { kind, registry, repository, digest, ...data };
    await appendEvents(trx, [{ type, subject: id, actor: 'watcher', project, data: about }]);
  }
}

const ended = {
  ...{ fence: null, lease_until: null, finished_at: sql<Date>`now()` },
};

function problemColumns(problem: ActionProblem | undefined) {
  return { problem_code: problem?.code ?? null, problem_detail: problem?.detail ?? null };
}

function findDue(trx: Transaction<Database>) {
  return trx
    .selectFrom('actions as a')
    .selectAll()
    .where('state', 'in', ['approved', 'running'])
    .where('retry_at', '<=', sql<Date>`now()`)
    .where(sql<boolean>`(fence is null or lease_until < now())`)
    .where(
      sql<boolean>`not exists (select from actions b where b.address = a.address
        and b.repository = a.repository and b.id <> a.id and b.state = 'running'
        and b.lease_until > now())`,
    )
    .orderBy('retry_at')
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}
