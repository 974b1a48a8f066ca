/** Limits of connections, transactions, migrations and the embedded database. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs, hourMs } = units;

export const databaseLimits = {
  startMs: 60_000,
  pool: 24,
  statementMs: 30_000,
  initMs: 2 * minuteMs,
  recoveryMs: 30 * minuteMs,
  stopMs: 10_000,
  restartBackoffMs: 100,
  restartBackoffMaxMs: 30_000,
  logBytes: 8 * MiB,
  logTailBytes: 2 * KiB,
  connections: 60,
  connectMs: 10_000,
  transactionAttempts: 8,
  transactionBackoffMs: 20,
  transactionBackoffMaxMs: 1_000,
  advisoryLockWaitMs: 30_000,
  migrationLockWaitMs: 2 * minuteMs,
  migrationMs: 2 * hourMs,
  migrations: 9_999,
} as const;
