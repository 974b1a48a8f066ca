/**
 * Every bound of Lazaret in one place. The unit stands last in each name; reaching a bound has a
 * defined answer (a problem code, an outcome, or a truncation mark) and a test.
 */
const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const limits = {
  // requests
  bodyJsonBytes: 1 * MiB,
  bodyJsonDepth: 64,
  uploadBytes: 2 * GiB,
  uploadIdleMs: 30_000,
  requestHeaderBytes: 16 * KiB,
  requestTimeoutMs: 60_000,
  requestHeadersMs: 20_000,
  connectionCheckMs: 2_000,
  requestsPerMinute: 6_000,
  anonymousRequestsPerMinute: 600,
  pageItemsMax: 200,
  pageItemsDefault: 50,
  urlParameterChars: 256,
  idempotencyKeyChars: 200,
  multipartFields: 32,
  /** All that is not the file; above what the parser may hold of the file at a time. */
  multipartBesidesBytes: 2 * MiB,
  /** After an answer that came before the end of the body. */
  lingerMs: 2_000,
  lingerBytes: 1 * MiB,

  // names and texts
  nameChars: 64,
  fileNameBytes: 255,
  pathBytes: 4 * KiB,
  descriptionChars: 2_000,
  tagChars: 64,
  tagsPerJob: 32,
  textFilterChars: 200,
  problemDetailChars: 4_000,
  problemFields: 50,

  // identity
  passwordCharsMin: 12,
  passwordCharsMax: 1_024,
  sessionMs: 12 * hourMs,
  sessionIdleMs: 2 * hourMs,
  lastUsedMs: minuteMs,
  sessionsPerUser: 50,
  tokenDaysMax: 366,
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
  grantsPerUser: 200,

  // engines
  manifestBytes: 64 * KiB,
  engines: 1_000,
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
  commandArguments: 256,
  commandArgumentBytes: 32 * KiB,
  environmentVariables: 128,
  inputsPerJob: 64,
  parametersBytes: 64 * KiB,
  globsPerOutput: 64,
  globChars: 256,

  // what a container may be given
  memoryBytesMin: 6 * MiB,
  memoryBytesMax: 1_024 * GiB,
  cpusMin: 0.01,
  cpusMax: 1_024,
  pidsMin: 4,
  pidsMax: 32_768,
  openFilesMax: 1_048_576,
  timeLimitMsMax: 7 * dayMs,
  queueTimeLimitMsMax: 30 * dayMs,
  stopGraceMsMax: 60_000,
  attemptsMax: 10,
  concurrencyMax: 10_000,

  // results and logs
  logBytesMax: 64 * MiB,
  logChunkBytes: 32 * KiB,
  logFlushMs: 200,
  logLineChars: 8_000,
  outputBytesMax: 64 * GiB,
  outputEntriesMax: 100_000,
  outputPathBytes: 1 * KiB,
  resultSummaryBytes: 80,
  resultPreviewBytes: 256 * KiB,
  jsonResultBytes: 64 * MiB,
  observationsPerAttempt: 32,
  refusedEntriesListed: 20,

  // archives (tar)
  tarEntriesMax: 1_000_000,
  tarHeaderBytesMax: 1 * MiB,

  // image sources
  manifestBytesMax: 8 * MiB,
  imageConfigBytes: 16 * MiB,
  indexDepth: 4,
  indexChildren: 1_000,
  layersPerImage: 1_000,
  registryRedirects: 5,
  registryRetries: 5,
  registryConnectMs: 15_000,
  registryIdleMs: 60_000,
  registryErrorBytes: 64 * KiB,
  registryTokenBytes: 1 * MiB,
  registryPageItems: 10_000,
  credentialHelperMs: 30_000,
  credentialHelperBytes: 1 * MiB,

  // walking a tree
  layerTarBytes: 64 * GiB,
  layerEntries: 2_000_000,
  layerFileBytes: 32 * GiB,
  /** Uncompressed bytes for each compressed one, looked at above `layerRatioFreeBytes`. */
  layerRatio: 1_000,
  layerRatioFreeBytes: 256 * MiB,
  layerMs: 30 * minuteMs,
  treePathDepth: 1_024,
  symlinkHops: 40,
  factsPerLayer: 1_000_000,
  gapsListed: 1_000,

  // files inside files
  nestedDepth: 8,
  nestedBytes: 2 * GiB,
  nestedFileBytes: 128 * MiB,
  nestedEntries: 100_000,
  nestedRatio: 1_000,
  nestedMs: 2 * minuteMs,

  // readers and scanners
  readerFileBytes: 128 * MiB,
  readerTextBytes: 64 * MiB,
  scanFileBytes: 128 * MiB,
  scanFileMs: 2 * minuteMs,
  scansAtOnce: 8,
  signaturesStaleMs: 14 * dayMs,

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
  imagePullMs: 30 * minuteMs,
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
  streamBufferBytes: 1 * MiB,
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

export const units = { KiB, MiB, GiB, minuteMs, hourMs, dayMs } as const;
