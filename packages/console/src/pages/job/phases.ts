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
  { key: 'runMs', label: 'Run engine', colour: 'var(--phase-run)' },
  { key: 'collectMs', label: 'Collect output', colour: 'var(--phase-collect)' },
  { key: 'removeMs', label: 'Remove container', colour: 'var(--phase-remove)' },
];

export interface MeasuredPhase extends Phase {
  readonly ms: number;
}

export interface AttemptTimes {
  /** The finished phases, and the current phase so far. */
  readonly phases: readonly MeasuredPhase[];
  /** From queueing to the end, or until now. */
  readonly totalMs: number;
}

/** The phase that is not finished in each state. */
const currentPhases: Partial<Record<Attempt['state'], keyof Telemetry>> = {
  placed: 'pullMs',
  starting: 'startMs',
  running: 'runMs',
  collecting: 'collectMs',
};

/** Times of an attempt. Time outside finished phases belongs to the current phase. */
export function measureAttempt(attempt: Attempt, nowMs: number): AttemptTimes {
  const { telemetry, placedAt, finishedAt } = attempt;
  const finished = phases.flatMap((phase): MeasuredPhase[] => {
    const ms = telemetry[phase.key];
    return typeof ms === 'number' ? [{ ...phase, ms }] : [];
  });
  const finishedMs = finished.reduce((sum, phase) => sum + phase.ms, 0);
  const endMs = finishedAt === null ? nowMs : Date.parse(finishedAt);
  const elapsedMs = Math.max(0, endMs - Date.parse(placedAt)) + (telemetry.waitMs ?? 0);
  // The container is removed after the attempt has finished.
  const totalMs = Math.max(elapsedMs, finishedMs);
  const current = phases.find(
    ({ key }) => key === currentPhases[attempt.state] && telemetry[key] === null,
  );
  if (current === undefined) return { phases: finished, totalMs };
  return { phases: [...finished, { ...current, ms: totalMs - finishedMs }], totalMs };
}
