/** What the parts of a running attempt share: who may end it, and what is gathered on the way. */
import type { Observation, Outcome, Telemetry } from '@lazaret/protocol';

export interface RunControl {
  /** Somebody asked to cancel. */
  readonly cancelled: AbortSignal;
  /** Lazaret stops and takes its containers down. */
  readonly stopping: AbortSignal;
  /** Hands off: see the header. */
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

/** What is gathered on the way and written at the end. */
export interface AttemptRecord {
  readonly telemetry: Partial<Telemetry>;
  readonly observations: Observation[];
}
