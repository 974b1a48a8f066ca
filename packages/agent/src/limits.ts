/** Limits of the agent. */
import { units } from '@lazaret/protocol/units';

const { KiB } = units;

export const agentLimits = {
  hostFileBytes: 64 * KiB,
} as const;
