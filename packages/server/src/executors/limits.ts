/** Limits of containers on a node and of their output. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB } = units;

export const executorLimits = {
  outputPathBytes: 1 * KiB,
  refusedEntriesListed: 20,
  startsPerCore: 2,
  startsPerNodeMax: 8,
  engineStreamLineBytes: 1 * MiB,
  exitCheckMs: 20_000,
  exitCheckPauseMs: 250,
  usageCostFactor: 10,
} as const;
