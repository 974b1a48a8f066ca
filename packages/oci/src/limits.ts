/** Limits of registries, references, manifests and image configurations. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs } = units;

export const ociLimits = {
  manifestBytesMax: 8 * MiB,
  imageConfigBytes: 16 * MiB,
  indexDepth: 4,
  indexChildren: 1_000,
  sourceJsonDepth: 64,
  sourceJsonValues: 1_000_000,
  repositoryNameChars: 255,
  tarHeaderBytesMax: 1 * MiB,
  registryRedirects: 5,
  registryRetries: 5,
  registryConnectMs: 15_000,
  registryIdleMs: 60_000,
  registryErrorBytes: 64 * KiB,
  registryTokenBytes: 1 * MiB,
  registryListItems: 1_000_000,
  registryPages: 10_000,
  registryPageBytes: 16 * MiB,
  registryAnswerMs: 2 * minuteMs,
  registryConnections: 8,
  /** Larger blobs are pushed in chunks of this size. */
  registryChunkBytes: 32 * MiB,
  /** Attempts to write an index that others may write at the same time. */
  registryIndexAttempts: 5,
  /** Of each buffer of a bulk transfer, and how many are kept for the next ones. */
  registryBulkBytes: 256 * KiB,
  registryBulkBuffers: 64,
  /** Connections for bulk transfers that wait for the next one, for each host. */
  registryBulkIdle: 16,
  registryBulkIdleMs: 15_000,
  registryHeadBytes: 64 * KiB,
  registryBackoffMs: 500,
  registryBackoffMaxMs: 30_000,
  /** A longer pause requested by a registry is an error instead of a delay. */
  registryPauseMsMax: 5 * minuteMs,
  /** Retries for one layer, independent of their progress. */
  registryResumes: 100,
  /** Minimum bytes of a layer within `registryIdleMs` of waiting for it. */
  registryProgressBytes: 64 * KiB,
  registryChallengeChars: 16 * KiB,
  /** How long before its expiry a token is renewed, or after three quarters of its lifetime. */
  registryTokenEarlyMs: 10_000,
  registryTokenDefaultMs: 60_000,
  registryTokensKept: 10_000,
  /** Scopes of one token. */
  registryScopes: 16,
  /** How long credentials are cached, unless they are refused. */
  registryCredentialMs: minuteMs,
  /** The share of each window that requests of a kind may use. */
  registryRateShares: { interactive: 1, automatic: 0.9, background: 0.8 },
  /** An automatic request that has to wait longer is repeated later. */
  registryAutomaticWaitMs: 30_000,
  /** Hosts that a rate is remembered for. */
  registryRatesKept: 1_000,
  credentialFileBytes: 4 * MiB,
  credentialHelperMs: 30_000,
  credentialHelperBytes: 1 * MiB,
} as const;
