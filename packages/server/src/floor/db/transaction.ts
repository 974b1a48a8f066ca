import { setTimeout as sleep } from 'node:timers/promises';
import { jitteredBackoffMs } from '@lazaret/protocol';
import type { IsolationLevel, Kysely, Transaction } from 'kysely';
import { databaseCode } from './database-problem.ts';
import { databaseLimits } from './limits.ts';
import type { Database } from './schema.ts';

export interface TransactionOptions {
  /** Read committed unless given. */
  readonly isolation?: IsolationLevel;
  readonly attempts?: number;
}

/**
 * Serialization failure and deadlock: the server rolled everything back and a retry may succeed.
 */
const retriedStates = new Set(['40001', '40P01']);

/**
 * Runs `work` in a transaction and commits. After a serialization failure or a deadlock it runs
 * again, at most `attempts` times with a growing, jittered pause, so `work` must have no effect
 * outside of the transaction. A lost connection is not retried: it is then unknown whether the
 * commit happened, and only the caller can check.
 */
export async function transaction<T>(
  db: Kysely<Database>,
  work: (transaction: Transaction<Database>) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { isolation = 'read committed', attempts = databaseLimits.transactionAttempts } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().setIsolationLevel(isolation).execute(work);
    } catch (error) {
      if (!retriedStates.has(databaseCode(error)) || attempt >= attempts) throw error;
      await sleep(pauseMs(attempt));
    }
  }
}

function pauseMs(attempt: number): number {
  const bounds = {
    initialMs: databaseLimits.transactionBackoffMs,
    maxMs: databaseLimits.transactionBackoffMaxMs,
  };
  return jitteredBackoffMs(attempt, bounds, Math.random);
}
