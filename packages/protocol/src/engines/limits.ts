/** Limits of engines. */
import { units } from '../core/units.ts';

const { KiB, MiB, GiB, minuteMs, dayMs } = units;

export const engineLimits = {
  manifestBytes: 64 * KiB,
  engines: 1_000,
  descriptionChars: 2_000,
  commandArguments: 256,
  commandArgumentBytes: 32 * KiB,
  environmentVariables: 128,
  globsPerOutput: 64,
  globChars: 256,
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
  outputBytesMax: 64 * GiB,
  outputEntriesMax: 100_000,
  logBytesMax: 64 * MiB,
  imagePullMs: 30 * minuteMs,
  inputsPerJob: 64,
} as const;
