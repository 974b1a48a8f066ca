/** Limits of collector scripts on the server. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs } = units;
const secondMs = 1_000;

export const scriptServerLimits = {
  /** Of all scripts of an image in one report. */
  outputsBytes: 32 * 1024 * 1024,
  /** Images looked at in a step of the background. */
  planBatch: 200,
  /** Nothing is added by the background while so many runs wait. */
  queuedMax: 2_000,
  /** An image may be committed this long after its inspection began to be stored. */
  planOverlapMs: 10 * minuteMs,
  /** Runs of one image that are taken at once. */
  runsAtOnce: 50,
  pollMs: secondMs,
  directoryMs: 2 * secondMs,
  sweepMs: minuteMs,
  lockMs: secondMs,
  /** To read an image again, or to load it into the engine. */
  attempts: 5,
  retryInitialMs: 5 * secondMs,
  retryMaxMs: 10 * minuteMs,
  imageLoadMs: 30 * minuteMs,
  sampleMs: 250,
  /** For the last bytes of the log after the end of the container. */
  logDrainMs: 5 * secondMs,
  /** Standard error has this part of the limit of the output. */
  stderrShare: 16,
  /** YAML is slow to parse. */
  yamlBytes: 1 * MiB,
  jsonDepth: 64,
  /** Of standard output that policies see as text. */
  factBytes: 64 * KiB,
  diskBytes: 64 * MiB,
  tmpBytes: 64 * MiB,
  openFiles: 256,
  cpus: 1,
  variables: 500,
  variableBytes: 32 * KiB,
  packages: 100_000,
  packageChars: 512,
  disagreements: 2_000,
  disagreementTextChars: 300,
  settingsBytes: 64 * KiB,
  refusalsKept: 20,
  toolProgramMs: 20 * secondMs,
  toolFiles: 20_000,
  /** A runner that did not report for so long is not there. */
  seenMs: 30 * secondMs,
} as const;
