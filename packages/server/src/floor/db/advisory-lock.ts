import { Problem } from '@lazaret/protocol';
import type pg from 'pg';
import { databaseCode, databaseProblem } from './database-problem.ts';
import type { DatabaseHandle } from './database.ts';
import { databaseLimits } from './limits.ts';

export interface AdvisoryLockOptions {
  /** How long to wait for another holder; 0 tries once. */
  readonly waitMs?: number;
}

const answerGraceMs = 5_000;
const lockNotAvailable = '55P03';

/**
 * Runs `work` while a separate session holds the lock of that name in this database. The signal
 * aborts when that session is lost and with it the lock. Throws the problem `unavailable` when
 * another holder has the lock for longer than `waitMs`.
 */
export async function withAdvisoryLock<T>(
  handle: Pick<DatabaseHandle, 'pool'>,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
  options: AdvisoryLockOptions = {},
): Promise<T> {
  const { waitMs = databaseLimits.advisoryLockWaitMs } = options;
  const client = await handle.pool.connect().catch((error: unknown) => {
    throw databaseProblem(error) ?? error;
  });
  const lost = new AbortController();
  client.once('end', () => lost.abort());
  client.once('error', () => lost.abort());
  try {
    await acquire(client, name, waitMs);
    return await work(lost.signal);
  } finally {
    // Ending the session releases the lock, whatever its state.
    client.release(true);
  }
}

async function acquire(client: pg.PoolClient, name: string, waitMs: number): Promise<void> {
  try {
    // In PostgreSQL 0 means no limit.
    await client.query(
      `select set_config('lock_timeout', $1, false), set_config('statement_timeout', '0', false)`,
      [String(Math.max(1, Math.ceil(waitMs)))],
    );
    const lock: pg.QueryConfig & { query_timeout: number } = {
      text: 'select pg_advisory_lock(hashtextextended($1, 0))',
      values: [name],
      query_timeout: waitMs + answerGraceMs,
    };
    await client.query(lock);
  } catch (error) {
    if (databaseCode(error) === lockNotAvailable) {
      throw new Problem(
        'unavailable',
        `Another process holds the lock "${name}" for longer than ${waitMs} ms.`,
      );
    }
    throw databaseProblem(error) ?? error;
  }
}
