/** Limits of scheduling, attempts and their logs. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs } = units;

export const jobLimits = {
  parametersBytes: 64 * KiB,
  logChunkBytes: 32 * KiB,
  logFlushMs: 200,
  resultSummaryBytes: 80,
  jsonResultBytes: 64 * MiB,
  observationsPerAttempt: 32,
  queuedSnapshotJobs: 2_000,
  placementBatchJobs: 64,
  nodeProbeMs: 5_000,
  nodeFailuresToOffline: 2,
  nodeReserveMemoryBytes: 256 * MiB,
  containerOverheadBytes: 16 * MiB,
  diskGuardMs: 1_000,
  sampleMs: 1_000,
  retryBackoffMs: 1_000,
  retryBackoffMaxMs: 5 * minuteMs,
} as const;
