/**
 * How often a registry may be asked: any number of windows, such as 100 in 6 hours and 20 in a
 * minute, all of which must grant. Each window slides: it remembers when its last requests really
 * went, so that no period of its length ever holds more than it allows, however late a timer is.
 * One object can serve several clients of the same registry.
 */
import { limits } from '@lazaret/protocol';

import { type Clock, untilAborted, waitFor } from './clock.ts';

export interface RateWindow {
  /** At least 1. */
  readonly requests: number;
  readonly periodMs: number;
}

export class RequestRate {
  readonly #clock: Clock;
  readonly #windows: readonly SlidingWindow[];
  #pausedUntil = 0;
  /** Resolves when all who asked before have gone. */
  #queue: Promise<void> = Promise.resolve();

  /** Throws RangeError for a window that cannot be kept. */
  constructor(windows: readonly RateWindow[], clock: Clock) {
    this.#clock = clock;
    this.#windows = windows.map((window) => new SlidingWindow(window));
  }

  /** Waits for a place in every window, behind all who asked before. Who leaves takes no place. */
  async take(signal?: AbortSignal): Promise<void> {
    const before = this.#queue;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue = promise;
    try {
      await untilAborted(before, signal);
      await this.#takeFirst(signal);
    } finally {
      void before.then(resolve);
    }
  }

  /** Nobody is let through for so long: the registry asked for it. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms);
  }

  /** A pause may begin while this waits for another reason, and a timer may be early or late. */
  async #takeFirst(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.now();
      const at = Math.max(this.#pausedUntil, ...this.#windows.map((window) => window.earliest()));
      if (at <= now) {
        for (const window of this.#windows) window.grant(now);
        return;
      }
      await waitFor(this.#clock, at - now, signal);
    }
  }
}

class SlidingWindow {
  readonly #periodMs: number;
  readonly #size: number;
  /** When the last so many requests were granted, as a ring. */
  readonly #granted: number[] = [];
  #next = 0;

  constructor({ requests, periodMs }: RateWindow) {
    const { registryRateRequests, registryRatePeriodMs } = limits;
    const fits = Number.isInteger(requests) && requests >= 1 && requests <= registryRateRequests;
    if (!fits || !(periodMs > 0 && periodMs <= registryRatePeriodMs)) {
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

/** Windows by host; those of `*` hold for each host that has none of its own. */
export type RegistryRates = Readonly<Record<string, readonly RateWindow[]>>;

/** One rate for each host that has windows, shared by all sources that are opened with this. */
export class SharedRates {
  readonly #clock: Clock;
  /** In the order in which they were last asked for. */
  readonly #kept = new Map<string, RequestRate>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Windows are read when a host is asked for the first time. */
  of(host: string, rates: RegistryRates): RequestRate {
    const windows = (Object.hasOwn(rates, host) ? rates[host] : rates['*']) ?? [];
    if (windows.length === 0) return new RequestRate([], this.#clock);
    const rate = this.#kept.get(host) ?? new RequestRate(windows, this.#clock);
    this.#kept.delete(host);
    this.#kept.set(host, rate);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > limits.registryRatesKept) this.#kept.delete(oldest);
    return rate;
  }
}
