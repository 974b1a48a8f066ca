/**
 * Bounds of image analysis, which are part of `limits`: what is read from strangers, how much of it
 * at a time, how deep, and for how long.
 */
import { units } from './core/units.ts';

const { KiB, MiB, GiB, minuteMs, hourMs, dayMs } = units;

export const analysisLimits = {
  // image sources
  manifestBytesMax: 8 * MiB,
  imageConfigBytes: 16 * MiB,
  indexDepth: 4,
  indexChildren: 1_000,
  /** What a report says of where an image came from. */
  sourceRemarks: 100,
  sourceJsonDepth: 64,
  sourceJsonValues: 1_000_000,
  /** Members of a `docker save` or OCI archive: a few for each layer of each image. */
  imageArchiveEntries: 50_000,
  imageArchivePathBytes: 1 * KiB,
  /** What may be put aside on disk of an engine's export or of a compressed archive. */
  imageSpoolBytes: 64 * GiB,
  /** An engine collects a whole image before it sends the first byte. */
  imageExportMs: 30 * minuteMs,
  registryRedirects: 5,
  registryRetries: 5,
  registryConnectMs: 15_000,
  registryIdleMs: 60_000,
  registryErrorBytes: 64 * KiB,
  registryTokenBytes: 1 * MiB,
  registryPageItems: 10_000,
  registryListItems: 1_000_000,
  registryPages: 10_000,
  registryPageBytes: 16 * MiB,
  registryAnswerMs: 2 * minuteMs,
  registryConnections: 8,
  registryBackoffMs: 500,
  registryBackoffMaxMs: 30_000,
  /** A longer pause that a registry asks for is told to whoever asked, not slept through. */
  registryPauseMsMax: 5 * minuteMs,
  /** New attempts for one layer, however far each of them comes. */
  registryResumes: 100,
  /** What a layer must bring within `registryIdleMs` of waiting for it. */
  registryProgressBytes: 64 * KiB,
  registryChallengeChars: 16 * KiB,
  /** A token is fetched anew so long before it expires, or after three quarters of its life. */
  registryTokenEarlyMs: 10_000,
  registryTokenDefaultMs: 60_000,
  registryTokensKept: 10_000,
  /** How long credentials are believed without looking again, unless they are refused. */
  registryCredentialMs: minuteMs,
  registryRateRequests: 1_000_000,
  registryRatePeriodMs: 7 * dayMs,
  registryRateWindows: 8,
  /** Hosts that a rate is remembered for. */
  registryRatesKept: 1_000,
  repositoryNameChars: 255,
  credentialFileBytes: 4 * MiB,
  credentialHelperMs: 30_000,
  credentialHelperBytes: 1 * MiB,

  // walking a tree
  layerTarBytes: 64 * GiB,
  /** What 512 MiB of memory allow; the largest layers in use have some 300,000. */
  layerEntries: 500_000,
  /** Of all layers of an inspection together. */
  imageEntries: 750_000,
  layerNameChars: 64 * MiB,
  /** Members of archives, remarks, findings of a scanner, gaps: of each so many for a layer. */
  layerNotes: 100_000,
  /** Rows of a layer, and of an inspection, that are kept as objects; more of them are packed. */
  plainRows: 150_000,
  /** Files of a layer whose rows are kept for another time. */
  cachedRows: 250_000,
  layerFileBytes: 32 * GiB,
  /** Uncompressed bytes for each compressed one, looked at above `layerRatioFreeBytes`. */
  layerRatio: 1_000,
  layerRatioFreeBytes: 256 * MiB,
  layerMs: 30 * minuteMs,
  /** Bytes behind the end of a layer's tar, and in its padding, that are scanned. */
  hiddenBytes: 64 * MiB,
  /** Shorter extended attributes hold labels and no code. */
  attributeScanBytesMin: 64,
  treePathDepth: 1_024,
  symlinkHops: 40,
  factsPerLayer: 1_000_000,
  gapsListed: 1_000,

  cacheBusyMs: 5_000,
  /** Two changes of a file within it may have the same time, on the coarsest of file systems. */
  fileTimeTickMs: 2_000,
  cachePartBytes: 1 * GiB,
  cacheBytesDefault: 2 * GiB,

  // files inside files
  nestedDepth: 8,
  nestedBytes: 2 * GiB,
  nestedFileBytes: 128 * MiB,
  nestedEntries: 100_000,
  nestedRatio: 1_000,
  nestedMs: 2 * minuteMs,
  nestedHeldBytes: 192 * MiB,
  nestedDictionaryBytes: 64 * MiB,
  nestedNameChars: 4 * KiB,
  /** The ratio is looked at above this much content. */
  nestedRatioFreeBytes: 16 * MiB,
  nestedNotes: 100,

  // readers and scanners
  readerFileBytes: 128 * MiB,
  /** Memory that files in pieces are put together in, one after another. */
  scratchBytes: 8 * MiB,
  readerTextBytes: 64 * MiB,
  packagesPerFile: 100_000,
  unknownsPerFile: 100,
  binarySections: 65_536,
  binarySectionNameBytes: 256,
  binaryCandidates: 64,
  buildInfoBytes: 16 * MiB,
  auditDataBytes: 8 * MiB,
  versionPatternHits: 256,
  versionResourceNodes: 10_000,
  javaManifestBytes: 64 * MiB,
  javaManifestHeadBytes: 1 * MiB,
  javaPomBytes: 4 * MiB,
  readerJsonBytes: 32 * MiB,
  readerTomlBytes: 8 * MiB,
  readerJsonDepth: 10_000,
  readerJsonValues: 2_000_000,
  readerListItems: 200_000,
  lockLineBytes: 64 * KiB,
  packageVersionChars: 256,
  packageLicenses: 32,
  scanFileBytes: 128 * MiB,
  advisoryFileBytes: 2 * GiB - 1,
  advisoryRecordBytes: 16 * MiB,
  advisoryRecords: 5_000_000,
  advisoryAliases: 500,
  advisoryLinks: 10,
  advisoryTextChars: 300,
  advisoryEvents: 10_000,
  advisoryVersions: 100_000,
  scanFileMs: 2 * minuteMs,
  scansAtOnce: 8,
  scanBytesAtOnce: 64 * MiB,
  signaturesStaleMs: 14 * dayMs,
  /** Since a feed was imported. */
  advisoriesStaleMs: 14 * dayMs,
  /** Since the newest record of a feed: above it an old copy was imported, below it may rest. */
  advisoriesQuietMs: 90 * dayMs,
  advisoryFeedsTold: 200,
  /** Larger programs get no sdhash digest. */
  similarityFileBytes: 32 * MiB,
  similarityListEntries: 100_000,
  similarityFindings: 20,
  hashListChars: 256 * MiB,
  hashListEntries: 2_000_000,
  /** Packages of the software reference that are looked at for one file. */
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
  /** What a worker scans, and what its memory may grow to, before another takes its place. */
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
  /** How long the state of clamd's directory of signatures is taken to be what it was. */
  clamdStateMs: 100,
  /** By then clamd's SelfCheck (ten minutes) has loaded what is new. */
  clamdReloadMs: 15 * minuteMs,
  /** Unknown facts of one file that are told one by one. */
  doubtsPerFile: 20,
  packageFieldBytes: 256 * KiB,
  packageDependencies: 5_000,
  /** Files that the packages of one list or database own, and the characters of their paths. */
  ownedFiles: 1_000_000,
  ownedPathChars: 128 * MiB,
  rpmHeaderBytes: 64 * MiB,
  rpmHeaderEntries: 65_536,
  packagesPerDatabase: 200_000,
  osReleaseBytes: 5 * MiB,
  accountsFileBytes: 16 * MiB,
  accountsPerFile: 200_000,
  accountLineBytes: 1 * MiB,
  readerLines: 5_000_000,

  // inspections on a server
  inspectionsQueued: 1_000,
  inspectionsAtOnceMax: 16,
  inspectionMs: 2 * hourMs,
  /** Below the longest that the queue waits for the end of a task. */
  inspectionMsMax: 20 * hourMs,
  inspectionGraceMs: 5 * minuteMs,
  inspectionAttempts: 3,
  inspectionRetryMs: 5_000,
  inspectionRetryMaxMs: 5 * minuteMs,
  inspectionLeaseMs: 30_000,
  inspectionPollMs: 1_000,
  inspectionProgressMs: 1_000,
  inspectionDetailChars: 2_000,
  imageNamesKept: 20,
  imageReportBytes: 512 * MiB,
  imageFilesCompared: 500_000,
  imageRowsPerInsert: 5_000,
  /** Directories that no entry names, for one layer. */
  impliedDirectories: 200_000,
  /** A layer that no image has is kept so long for one that is being stored. */
  orphanLayerMs: 1 * hourMs,
  /** Characters of a path that an index holds; the rest is compared with the row. */
  indexedPathChars: 500,
} as const;
