/** What the gate of this process did since it started. */
import { pullOutcomes, type GateCounters, type PullOutcome } from '@lazaret/protocol';

import { Durations } from './durations.ts';

export class Counters {
  readonly #pulls = new Map<PullOutcome, number>(pullOutcomes.map((outcome) => [outcome, 0]));
  readonly #others = {
    ...{ blobs: 0, blobsDenied: 0, bytes: 0, admitted: 0, rejected: 0, unauthorized: 0 },
    manifestSeconds: 0,
  };
  readonly durations: Durations = new Durations();
  /** Blobs that are being sent. */
  transfers = 0;

  pull(outcome: PullOutcome, seconds: number): void {
    this.#pulls.set(outcome, (this.#pulls.get(outcome) ?? 0) + 1);
    this.#others.manifestSeconds += seconds;
    this.durations.observe('pulls', outcome, seconds);
  }

  review(isAllowed: boolean, seconds: number): void {
    this.#others[isAllowed ? 'admitted' : 'rejected'] += 1;
    this.durations.observe('reviews', isAllowed ? 'allowed' : 'denied', seconds);
  }

  add(
    name: Exclude<keyof GateCounters, 'pulls' | 'manifestSeconds' | 'admitted' | 'rejected'>,
    amount = 1,
  ): void {
    this.#others[name] += amount;
  }

  read(): GateCounters {
    const pulls = Object.fromEntries(this.#pulls) as GateCounters['pulls'];
    return { pulls, ...this.#others };
  }
}
