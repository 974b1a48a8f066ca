/** Bounds of artifacts. */
import { units } from '../core/units.ts';

const { GiB } = units;

export const artifactLimits = {
  uploadBytes: 2 * GiB,
} as const;
