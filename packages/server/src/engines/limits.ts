/** Limits of engines, their directory and their parameters. */
import { units } from '@lazaret/protocol/units';

const { KiB } = units;

export const engineLimits = {
  versionsKept: 100,
  watchMs: 2_000,
  settleMs: 150,
  pinMs: 2_000,
  pinsAtOnce: 4,
  parameterSchemaChars: 32 * KiB,
  parameterSchemaNodes: 1_000,
  parameterSchemaDepth: 20,
  parameterCheckMs: 1_000,
  patternChars: 500,
} as const;
