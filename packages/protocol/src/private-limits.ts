/** Bounds of the server, the command line and the agent. */
import { units } from './core/units.ts';

const { KiB, MiB, GiB, minuteMs, hourMs, dayMs } = units;

export const privateLimits = {
  // requests
  bodyJsonBytes: 1 * MiB,
  bodyJsonDepth: 64,
  uploadIdleMs: 30_000,
  requestHeaderBytes: 16 * KiB,
  requestTimeoutMs: 60_000,
  requestHeadersMs: 20_000,
  connectionCheckMs: 2_000,
  requestsPerMinute: 6_000,
  anonymousRequestsPerMinute: 600,
  idempotencyKeyChars: 200,
  multipartFields: 32,
  /** All that is not the file; above what the parser may hold of the file at a time. */
  multipartBesidesBytes: 2 * MiB,
  /** After an answer that came before the end of the body. */
  lingerMs: 2_000,
  lingerBytes: 1 * MiB,

  // names and texts

  // identity
  sessionMs: 12 * hourMs,
  sessionIdleMs: 2 * hourMs,
  lastUsedMs: minuteMs,
  sessionsPerUser: 50,
  tokensPerUser: 100,
  endedTokensPerUser: 100,
  setupLinkMs: 24 * hourMs,
  setupLinks: 8,
  loginFailuresFree: 5,
  loginFailuresFreePerAddress: 25,
  loginBackoffMs: 1_000,
  loginBackoffMaxMs: 5 * minuteMs,
  loginMemoryMs: 1 * hourMs,
  loginMemoryRows: 100_000,
  /** Half of the threads that files and digests share, so that sign-ins never hold them all. */
  loginConcurrent: 2,
  loginWaiting: 64,
  deniedRepeatMs: minuteMs,
  deniedRemembered: 1_000,
  accessSweepMs: 1 * hourMs,
  users: 10_000,
  projects: 1_000,

  // engines
  engineVersionsKept: 100,
  engineWatchMs: 2_000,
  engineSettleMs: 150,
  enginePinMs: 2_000,
  enginePinsAtOnce: 4,
  parameterSchemaChars: 32 * KiB,
  parameterSchemaNodes: 1_000,
  parameterSchemaDepth: 20,
  parameterCheckMs: 1_000,
  patternChars: 500,
  parametersBytes: 64 * KiB,

  // what a container may be given

  // results and logs
  logChunkBytes: 32 * KiB,
  logFlushMs: 200,
  logLineChars: 8_000,
  outputPathBytes: 1 * KiB,
  resultSummaryBytes: 80,
  resultPreviewBytes: 256 * KiB,
  jsonResultBytes: 64 * MiB,
  observationsPerAttempt: 32,
  refusedEntriesListed: 20,

  // archives (tar)
  tarEntriesMax: 1_000_000,
  tarHeaderBytesMax: 1 * MiB,

  // running
  queuedSnapshotJobs: 2_000,
  placementBatchJobs: 64,
  leaseMs: 30_000,
  leaseRenewMs: 8_000,
  schedulerPollMs: 1_000,
  nodeProbeMs: 5_000,
  nodeProbeTimeoutMs: 4_000,
  nodeFailuresToOffline: 2,
  nodeReserveMemoryBytes: 256 * MiB,
  containerOverheadBytes: 16 * MiB,
  startsPerCore: 2,
  startsPerNodeMax: 8,
  engineCallMs: 60_000,
  engineCallsPerNode: 64,
  engineConnectMs: 5_000,
  engineIdleConnectionMs: 10_000,
  engineAnswerBytes: 32 * MiB,
  engineStreamLineBytes: 1 * MiB,
  exitCheckMs: 20_000,
  exitCheckPauseMs: 250,
  usageCostFactor: 10,
  diskGuardMs: 1_000,
  sampleMs: 1_000,
  retryBackoffMs: 1_000,
  retryBackoffMaxMs: 5 * minuteMs,
  collectMs: 10 * minuteMs,
  nodes: 1_000,

  // events, audit, streams
  eventBatch: 500,
  eventDataBytes: 64 * KiB,
  eventPollMs: 1_000,
  eventHeldPollMs: 25,
  eventWindowItems: 2_000,
  eventWindowBytes: 8 * MiB,
  streamHeartbeatMs: 15_000,
  streamsPerPrincipal: 32,
  streamRecheckMs: 30_000,
  auditPageRows: 1_000,
  auditExportRows: 1_000_000,

  // the process
  databaseStartMs: 60_000,
  databasePool: 24,
  databaseStatementMs: 30_000,
  shutdownMs: 15_000,
  readinessMs: 2_000,
  readinessShareMs: 1_000,
  missingPartsListed: 50,
  // Above what one hanging statement takes: a frozen database is no dead loop.
  loopStallMs: 45_000,

  // the embedded database, migrations, the data directory
  databaseInitMs: 2 * minuteMs,
  databaseRecoveryMs: 30 * minuteMs,
  databaseStopMs: 10_000,
  databaseRestartBackoffMs: 100,
  databaseRestartBackoffMaxMs: 30_000,
  databaseLogBytes: 8 * MiB,
  databaseLogTailBytes: 2 * KiB,
  databaseConnections: 60,
  databaseConnectMs: 10_000,
  transactionAttempts: 8,
  transactionBackoffMs: 20,
  transactionBackoffMaxMs: 1_000,
  advisoryLockWaitMs: 30_000,
  migrationLockWaitMs: 2 * minuteMs,
  migrationMs: 2 * hourMs,
  migrations: 9_999,
  dataDirectoryLockWaitMs: 300,
  dataDirectoryHolderBytes: 4 * KiB,

  // the command line
  cliCallMs: 90_000,
  cliCompletionMs: 1_500,
  cliCompletionItems: 50,
  cliWatchMs: 2_000,
  cliReconnectMs: 250,
  cliReconnectMaxMs: 10_000,
  cliReconnects: 60,
  cliSubmitAttempts: 4,
  cliListRows: 100_000,
  cliFileBytes: 4 * MiB,
  cliReportBytes: 512 * MiB,
  cliFindingsShown: 50,
  cliGapsShown: 10,
  cliPlatformsShown: 20,
  cliCacheBytes: 2 * GiB,
  layerTimeMsMax: 1 * dayMs,
  cliFilesPerCommand: 10_000,
  cliContexts: 100,
  cliSecretChars: 4_096,
  cliAuditLineBytes: 1 * MiB,

  // blobs
  blobFrameBytes: 64 * KiB,
  blobListItems: 1_000,
  blobTemporaryMs: 24 * hourMs,

  // the agent
  hostFileBytes: 64 * KiB,
} as const;
