/** States of jobs and attempts. */
export const jobStates = [
  'queued',
  'placed',
  'starting',
  'running',
  'collecting',
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
] as const;
export type JobState = (typeof jobStates)[number];

/** States that a job never leaves. */
export const finalStates = ['succeeded', 'failed', 'timed_out', 'cancelled'] as const;
export type FinalState = (typeof finalStates)[number];

export function isFinal(state: JobState): state is FinalState {
  return (finalStates as readonly JobState[]).includes(state);
}
