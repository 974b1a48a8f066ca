/** What the gate of this process did since it started. */
import { pullOutcomes, type GateCounters, type PullOutcome } from '@lazaret/protocol';

export class Counters {
  readonly #pulls = new Map<PullOutcome, number>(pullOutcomes.map((outcome) => [outcome, 0]));
  readonly #others = {
    ...{ blobs: 0, blobsDenied: 0, bytes: 0, admitted: 0, rejected: 0, unauthorized: 0 },
    manifestSeconds: 0,
  };
  /** Blobs that are being sent. */
  transfers = 0;

  pull(outcome: PullOutcome, seconds: number): void {
    this.#pulls.set(outcome, (this.#pulls.get(outcome) ?? 0) + 1);
    this.#others.manifestSeconds += seconds;
  }

  add(name: Exclude<keyof GateCounters, 'pulls' | 'manifestSeconds'>, amount = 1): void {
    this.#others[name] += amount;
  }

  read(): GateCounters {
    const pulls = Object.fromEntries(this.#pulls) as GateCounters['pulls'];
    return { pulls, ...this.#others };
  }
}
