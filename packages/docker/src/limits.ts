/** Limits of calls to a Docker Engine. */
import { units } from '@lazaret/protocol/units';

const { MiB } = units;

export const dockerLimits = {
  callMs: 60_000,
  connectMs: 5_000,
  answerBytes: 32 * MiB,
  callsPerNode: 64,
  idleConnectionMs: 10_000,
  nodeProbeTimeoutMs: 4_000,
} as const;
