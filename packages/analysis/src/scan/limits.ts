/** Limits of scanners. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, GiB, minuteMs, dayMs } = units;

export const scanLimits = {
  scanFileBytes: 128 * MiB,
  scansAtOnce: 8,
  scanFileMs: 2 * minuteMs,
  signaturesStaleMs: 14 * dayMs,
  similarityListEntries: 100_000,
  similarityFindings: 20,
  hashListChars: 256 * MiB,
  hashListEntries: 2_000_000,
  /** Packages of the software reference that are read for one file. */
  referencePackages: 1_000,
  secretFindings: 100,
  secretPlaces: 500_000,
  secretFileBytes: 128 * MiB,
  yaraRuleFiles: 10_000,
  yaraRuleBytes: 64 * MiB,
  yaraCompileMs: minuteMs,
  yaraFileBytes: 64 * MiB,
  yaraFileMs: 30_000,
  yaraWorkers: 2,
  /** The number of scans and the memory after which a worker is replaced. */
  yaraWorkerBytes: 2 * GiB,
  yaraMemoryBytes: 256 * MiB,
  yaraOutputBytes: 4 * MiB,
  yaraPatternMatches: 16,
  yaraEvidenceStrings: 16,
  yaraEvidenceBytes: 64,
  yaraErrorChars: 2_000,
  clamdConnectMs: 5_000,
  clamdDescribeMs: 30_000,
  /** Below clamd's own CommandReadTimeout. */
  clamdIdleMs: 10_000,
  clamdDownMs: 1_000,
  clamdAnswerBytes: 64 * KiB,
  clamdDatabaseFiles: 10_000,
  /** How long the state of clamd's signature directory is cached. */
  clamdStateMs: 100,
  /** By then clamd's SelfCheck (ten minutes) has loaded what is new. */
  clamdReloadMs: 15 * minuteMs,
} as const;
