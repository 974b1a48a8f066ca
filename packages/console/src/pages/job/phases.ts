/** The phases of an attempt in order, as the bar shows them. */
import type { Attempt, Telemetry } from '@lazaret/protocol';

export interface Phase {
  readonly key: keyof Telemetry;
  readonly word: string;
  readonly colour: string;
}

export const phases: readonly Phase[] = [
  { key: 'waitMs', word: 'Waited', colour: 'var(--phase-wait)' },
  { key: 'pullMs', word: 'Pulled the image', colour: 'var(--phase-pull)' },
  { key: 'createMs', word: 'Created', colour: 'var(--phase-create)' },
  { key: 'inputMs', word: 'Input in', colour: 'var(--phase-input)' },
  { key: 'startMs', word: 'Started', colour: 'var(--phase-start)' },
  { key: 'runMs', word: 'Ran', colour: 'var(--phase-run)' },
  { key: 'collectMs', word: 'Collected', colour: 'var(--phase-collect)' },
  { key: 'removeMs', word: 'Removed', colour: 'var(--phase-remove)' },
];

export interface MeasuredPhase extends Phase {
  readonly ms: number;
}

/** The phases that are over, and the run so far while it goes on. */
export function measuredPhases(
  { telemetry, state, startedAt }: Attempt,
  nowMs: number,
): MeasuredPhase[] {
  const runsMs =
    state === 'running' && startedAt !== null ? Math.max(0, nowMs - Date.parse(startedAt)) : null;
  return phases.flatMap((phase) => {
    const ms = telemetry[phase.key] ?? (phase.key === 'runMs' ? runsMs : null);
    return typeof ms === 'number' ? [{ ...phase, ms }] : [];
  });
}
