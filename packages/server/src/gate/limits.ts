/** Limits of the pull gate and of the admission webhook. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs, hourMs, dayMs } = units;

export const gateLimits = {
  retryAfterSeconds: 10,
  /** A slower database counts as unavailable. */
  decisionMs: 3_000,
  /** How long the answer for an image is used for its blobs without another look. */
  judgementCacheMs: 5_000,
  judgementsCached: 20_000,
  registryCacheMs: 2_000,
  registriesCached: 1_000,
  /** Connections of settings that were replaced end after this time. */
  retiredMs: 1 * hourMs,
  upstreamConnections: 256,
  manifestCacheBytes: 64 * MiB,
  /** Blobs and manifests that one manifest may list. */
  references: 10_000,
  blobsCached: 200_000,
  /** Manifests of one blob that are judged. */
  manifestsOfBlob: 100,
  /** Manifests of a repository that are read when a blob is asked for before its manifest. */
  recoveredManifests: 50,
  recoverAgainMs: 10_000,
  repositoriesRemembered: 10_000,
  /** Inspections that failed longer ago are repeated at a pull. */
  retryFailedMs: 10 * minuteMs,
  waitingPulls: 1_000,
  heldAgainMs: 2_000,
  transfers: 1_000,
  /** A client that takes no bytes for so long is disconnected. */
  clientIdleMs: 5 * minuteMs,
  requestHeadersMs: 30_000,
  requestHeaderBytes: 64 * KiB,
  keepAliveMs: 75_000,
  /** Bytes that are buffered for a client before its transfer pauses. */
  socketBytes: 1 * MiB,
  listBytes: 16 * MiB,
  /** How long a token is accepted without another look. */
  tokenCacheMs: 10_000,
  /** The same while the database is unavailable, with `gateUnavailable: allow`. */
  tokenStaleMs: 1 * hourMs,
  tokensCached: 10_000,
  eventRepeatMs: 1 * minuteMs,
  eventsRemembered: 10_000,
  /**
   * Upper bounds in seconds of the histograms of durations: a known image takes a request to the
   * registry and a few to the database; an unknown one waits for its inspection, up to `gateWait`.
   */
  durationBounds: [
    ...[0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
    ...[1, 2.5, 5, 10, 30, 60, 300, 600],
  ],
  reportMs: 5_000,
  /** A process that has not reported for so long is not running. */
  lostMs: 30_000,
  gatesListed: 50,
  /** Processes that have not reported for so long are removed from the list. */
  forgottenMs: 1 * dayMs,
  /** Blobs of manifests that were not pulled for so long are read from the registry again. */
  blobsKeptMs: 90 * dayMs,
  sweepMs: 1 * hourMs,
  sweepRows: 10_000,
  passedAgainMs: 1 * dayMs,
  reasonChars: 500,
  stopMs: 5_000,
  reviewBytes: 8 * MiB,
  reviewImages: 200,
  /** How long the API server waits, unless it says. */
  reviewMs: 10_000,
  /** What is left of that time for the answer. */
  reviewMarginMs: 1_000,
  warningChars: 240,
  warnings: 10,
} as const;
