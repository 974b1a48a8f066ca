export { withAdvisoryLock } from './advisory-lock.ts';
export { databaseCode, databaseProblem } from './database-problem.ts';
export { type DatabaseHandle, describeDatabase, openDatabase } from './database.ts';
export { startEmbeddedDatabase } from './embedded.ts';
export { migrate } from './migrate.ts';
export { prepared } from './prepared.ts';
export type { Database } from './schema.ts';
export type {
  DurationCounts,
  GateDurations,
  GateSettingsRow,
  GateStateRow,
} from './schema-gate.ts';
export type { ReportedDeletion, ReportedPush } from './schema-registries.ts';
export { transaction } from './transaction.ts';
