/**
 * How often a registry may be asked: any number of windows, such as 100 in 6 hours and 20 in a
 * minute, all of which must grant. Each window slides: it remembers when its last requests were
 * granted, so that no period of its length ever holds more than it allows. One object can serve
 * several clients of the same registry.
 */
import { limits } from '@lazaret/protocol';

import { type Clock, waitFor } from './clock.ts';

export interface RateWindow {
  /** At least 1. */
  readonly requests: number;
  readonly periodMs: number;
}

export class RequestRate {
  readonly #clock: Clock;
  readonly #windows: readonly SlidingWindow[];
  #pausedUntil = 0;

  constructor(windows: readonly RateWindow[], clock: Clock) {
    this.#clock = clock;
    this.#windows = windows.map((window) => new SlidingWindow(window));
  }

  /** Takes a place in every window and waits for it. A place that a signal gives up is lost. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const now = this.#clock.now();
    const earliest = this.#windows.map((window) => window.earliest());
    const at = Math.max(now, ...earliest);
    for (const window of this.#windows) window.grant(at);
    await waitFor(this.#clock, Math.max(at, this.#pausedUntil) - now, signal);
    await this.#waitForPause(signal);
  }

  /** Nobody is let through for so long: the registry asked for it. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms);
  }

  /** A pause that began while this request was waiting for another reason. */
  async #waitForPause(signal: AbortSignal | undefined): Promise<void> {
    await waitFor(this.#clock, this.#pausedUntil - this.#clock.now(), signal);
  }
}

class SlidingWindow {
  readonly #periodMs: number;
  readonly #size: number;
  /** When the last so many requests were granted, as a ring. */
  readonly #granted: number[] = [];
  #next = 0;

  constructor({ requests, periodMs }: RateWindow) {
    const fits = Number.isInteger(requests) && requests >= 1;
    if (!fits || requests > limits.registryRateRequests || !(periodMs > 0)) {
      throw new RangeError(`a rate of ${requests} requests in ${periodMs} ms cannot be kept`);
    }
    this.#size = requests;
    this.#periodMs = periodMs;
  }

  /** When the next request may go. */
  earliest(): number {
    const oldest = this.#granted[this.#next];
    return oldest === undefined ? 0 : oldest + this.#periodMs;
  }

  grant(at: number): void {
    this.#granted[this.#next] = at;
    this.#next = (this.#next + 1) % this.#size;
  }
}
