/** Limits of the pull gate. */
import { units } from '../core/units.ts';

export const gateLimits = {
  gateWaitMsMax: 10 * units.minuteMs,
  gateWaitSecondsDefault: 30,
  admissionWaitMsMax: 29_000,
  admissionWaitSecondsDefault: 8,
} as const;
