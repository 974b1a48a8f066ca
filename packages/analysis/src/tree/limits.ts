/** Limits of the tree of one layer. */
import { units } from '@lazaret/protocol/units';

const { MiB, GiB } = units;

export const treeLimits = {
  layerNameChars: 64 * MiB,
  layerFileBytes: 32 * GiB,
} as const;
