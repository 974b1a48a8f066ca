/**
 * Rate limiter of a registry: any number of windows, such as 100 requests in 6 hours and 20 in a
 * minute, all of which must have capacity. Each window slides: it records when its last requests
 * were sent, so that no period of its length ever has more, however late a timer fires. One object
 * can serve several clients of the same registry.
 */
import { limits, type RateWindow } from '@lazaret/protocol';

import { ociLimits } from '../../limits.ts';
import { type Clock, untilAborted, waitFor } from './clock.ts';

export class RequestRate {
  readonly #clock: Clock;
  readonly #windows: readonly SlidingWindow[];
  #pausedUntil = 0;
  /** Resolves when all earlier requests were granted. */
  #queue: Promise<void> = Promise.resolve();

  /** Throws RangeError for an invalid window. */
  constructor(windows: readonly RateWindow[], clock: Clock) {
    this.#clock = clock;
    this.#windows = windows.map((window) => new SlidingWindow(window));
  }

  /** Waits for capacity in every window, in FIFO order. An aborted request takes none. */
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

  /** Blocks all requests for the given time, as requested by the registry. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms);
  }

  /** A pause may start while this waits, and a timer may be early or late. */
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
  /** When the last requests were granted, as a ring buffer. */
  readonly #granted: number[] = [];
  #next = 0;

  constructor({ requests, periodMs }: RateWindow) {
    const { registryRateRequests, registryRatePeriodMs } = limits;
    const fits = Number.isInteger(requests) && requests >= 1 && requests <= registryRateRequests;
    if (!fits || !(periodMs > 0 && periodMs <= registryRatePeriodMs)) {
      throw new RangeError(`invalid rate: ${requests} requests in ${periodMs} ms`);
    }
    this.#size = requests;
    this.#periodMs = periodMs;
  }

  /** When the next request may be sent. */
  earliest(): number {
    const oldest = this.#granted[this.#next];
    return oldest === undefined ? 0 : oldest + this.#periodMs;
  }

  grant(at: number): void {
    this.#granted[this.#next] = at;
    this.#next = (this.#next + 1) % this.#size;
  }
}

/** Windows by host; those of `*` apply to each host without its own. */
export type RegistryRates = Readonly<Record<string, readonly RateWindow[]>>;

/** One rate limiter per host with windows, shared by all sources that use it. */
export class SharedRates {
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #kept = new Map<string, RequestRate>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The windows of a host are read on first use. */
  of(host: string, rates: RegistryRates): RequestRate {
    const windows = (Object.hasOwn(rates, host) ? rates[host] : rates['*']) ?? [];
    if (windows.length === 0) return new RequestRate([], this.#clock);
    const rate = this.#kept.get(host) ?? new RequestRate(windows, this.#clock);
    this.#kept.delete(host);
    this.#kept.set(host, rate);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > ociLimits.registryRatesKept) this.#kept.delete(oldest);
    return rate;
  }
}
