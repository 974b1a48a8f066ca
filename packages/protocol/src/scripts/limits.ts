/** Limits of collector scripts. */
import { units } from '../core/units.ts';

const { KiB, MiB } = units;

export const scriptLimits = {
  scripts: 200,
  scriptBytes: 8 * MiB,
  /** Base64 of the largest script. */
  scriptContentChars: Math.ceil((8 * MiB) / 3) * 4,
  scriptNameChars: 64,
  scriptPatterns: 50,
  scriptPatternChars: 512,
  scriptSecondsMin: 1,
  scriptSecondsMax: 3_600,
  scriptOutputBytesMin: 1 * KiB,
  scriptOutputBytesMax: 8 * MiB,
  scriptMemoryBytesMin: 16 * MiB,
  scriptProcessesMax: 1_024,
  scriptWaitSecondsMax: 30,
} as const;
