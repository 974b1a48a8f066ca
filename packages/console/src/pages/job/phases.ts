/** The phases of an attempt in the order of the timeline. */
import type { Attempt, Telemetry } from '@lazaret/protocol';

export interface Phase {
  readonly key: keyof Telemetry;
  readonly label: string;
  readonly colour: string;
}

export const phases: readonly Phase[] = [
  { key: 'waitMs', label: 'Queued', colour: 'var(--phase-wait)' },
  { key: 'pullMs', label: 'Pull image', colour: 'var(--phase-pull)' },
  { key: 'createMs', label: 'Create container', colour: 'var(--phase-create)' },
  { key: 'inputMs', label: 'Copy input', colour: 'var(--phase-input)' },
  { key: 'startMs', label: 'Start', colour: 'var(--phase-start)' },
  { key: 'runMs', label: 'Run', colour: 'var(--phase-run)' },
  { key: 'collectMs', label: 'Collect output', colour: 'var(--phase-collect)' },
  { key: 'removeMs', label: 'Remove container', colour: 'var(--phase-remove)' },
];

export interface MeasuredPhase extends Phase {
  readonly ms: number;
}

/** The finished phases, and the run time so far of a running attempt. */
export function measurePhases(
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
