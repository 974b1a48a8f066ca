/**
 * State shared by the parts of a running attempt: how it is ended, and what is collected meanwhile.
 */
import type { Observation, Outcome, Telemetry } from '@lazaret/protocol';

export interface RunControl {
  /** A user requested cancellation. */
  readonly cancelled: AbortSignal;
  /** Lazaret stops and removes its containers. */
  readonly stopping: AbortSignal;
  /** Another worker has the attempt: see the header. */
  readonly detached: AbortSignal;
}

/** Ends an attempt early with an outcome. */
export class AttemptEnded extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.detail);
    this.name = 'AttemptEnded';
    this.outcome = outcome;
  }
}

/** Collected during the run and written at the end. */
export interface AttemptRecord {
  readonly telemetry: Partial<Telemetry>;
  readonly observations: Observation[];
}
