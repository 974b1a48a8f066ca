/**
 * How long pulls and reviews took, as histograms: the number of each outcome by upper bound. The
 * bounds are part of the report, so that processes of different versions can be read side by side.
 */
import type { DurationCounts, GateDurations } from '../floor/db/index.ts';
import { gateLimits } from './limits.ts';

type Kind = 'pulls' | 'reviews';

export class Durations {
  readonly #counts: Record<Kind, Map<string, { sum: number; counts: number[] }>> = {
    pulls: new Map(),
    reviews: new Map(),
  };

  observe(kind: Kind, outcome: string, seconds: number): void {
    const bounds = gateLimits.durationBounds;
    const known = this.#counts[kind].get(outcome) ?? {
      sum: 0,
      // The last one is for what exceeds all bounds.
      counts: Array.from({ length: bounds.length + 1 }, () => 0),
    };
    const found = bounds.findIndex((bound) => seconds <= bound);
    const at = found < 0 ? bounds.length : found;
    known.counts[at] = (known.counts[at] ?? 0) + 1;
    known.sum += seconds;
    this.#counts[kind].set(outcome, known);
  }

  read(): GateDurations {
    const { pulls, reviews } = this.#counts;
    return { bounds: gateLimits.durationBounds, pulls: copy(pulls), reviews: copy(reviews) };
  }
}

function copy(counts: ReadonlyMap<string, DurationCounts>): Record<string, DurationCounts> {
  return Object.fromEntries(
    [...counts].map(([outcome, { sum, counts: all }]) => [outcome, { sum, counts: [...all] }]),
  );
}
