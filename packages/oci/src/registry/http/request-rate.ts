/**
 * Rate limiter of a registry: any number of windows, such as 100 requests in 6 hours and 20 in a
 * minute, all of which must have capacity. Each window slides: it records when its last requests
 * were sent, so that no period of its length ever has more, however late a timer fires. One object
 * can serve several clients of the same registry. Requests of automatic tasks wait for those that a
 * person waits for, and leave them a share of each window.
 */
import { limits, type RateWindow } from '@lazaret/protocol';

import { ociLimits } from '../../limits.ts';
import { SourceError } from '../../source-error.ts';
import { type Clock, untilAborted, waitFor } from './clock.ts';

/** The most urgent first: a person waits, a task that can be repeated later, a task that waits. */
const requestKinds = ['interactive', 'automatic', 'background'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** How long a request steps back while more urgent ones wait. */
const yieldMs = 50;

export class RequestRate {
  readonly #clock: Clock;
  readonly #windows: readonly SlidingWindow[];
  #pausedUntil = 0;
  /** Resolve when all earlier requests of the kind were granted. */
  readonly #queues = new Map<RequestKind, Promise<void>>();
  readonly #waiting = new Map<RequestKind, number>(requestKinds.map((kind) => [kind, 0]));

  /** Throws RangeError for an invalid window. */
  constructor(windows: readonly RateWindow[], clock: Clock) {
    this.#clock = clock;
    this.#windows = windows.map((window) => new SlidingWindow(window));
  }

  /**
   * Waits for capacity in every window, in FIFO order among requests of the same kind. An aborted
   * request takes none. Throws SourceError `rate_limited` for an automatic request that would have
   * to wait long: it is repeated later instead of blocking others.
   */
  async take(signal?: AbortSignal, kind: RequestKind = 'interactive'): Promise<void> {
    const before = this.#queues.get(kind) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queues.set(kind, promise);
    this.#count(kind, 1);
    try {
      await untilAborted(before, signal);
      await this.#takeFirst(signal, kind);
    } finally {
      this.#count(kind, -1);
      void before.then(resolve);
    }
  }

  #count(kind: RequestKind, change: number): void {
    this.#waiting.set(kind, (this.#waiting.get(kind) ?? 0) + change);
  }

  #isUrgentWaiting(kind: RequestKind): boolean {
    const urgent = requestKinds.slice(0, requestKinds.indexOf(kind));
    return urgent.some((one) => (this.#waiting.get(one) ?? 0) > 0);
  }

  /** Blocks all requests for the given time, as requested by the registry. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms);
  }

  /** A pause may start while this waits, and a timer may be early or late. */
  async #takeFirst(signal: AbortSignal | undefined, kind: RequestKind): Promise<void> {
    const share = ociLimits.registryRateShares[kind];
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.now();
      const free = this.#windows.map((window) => window.earliest(share));
      const polite = this.#isUrgentWaiting(kind) ? now + yieldMs : 0;
      const at = Math.max(this.#pausedUntil, polite, ...free);
      if (at <= now) {
        for (const window of this.#windows) window.grant(now);
        return;
      }
      if (kind === 'automatic' && at - now > ociLimits.registryAutomaticWaitMs) {
        const seconds = Math.ceil((at - now) / 1_000);
        const message = `the request limit for this registry is reached, for ${seconds} s`;
        throw new SourceError('rate_limited', message);
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

  /** When the next request may be sent by someone who may use this share of the window. */
  earliest(share: number): number {
    const usable = Math.max(1, Math.floor(this.#size * share));
    const oldest = this.#granted[(this.#next - usable + this.#size) % this.#size];
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
  readonly #kept = new Map<string, { readonly print: string; readonly rate: RequestRate }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Without windows only pauses are shared, as a registry asks for them. Other windows than before
   * replace those of the host.
   */
  of(host: string, rates: RegistryRates): RequestRate {
    const windows = (Object.hasOwn(rates, host) ? rates[host] : rates['*']) ?? [];
    const print = JSON.stringify(windows);
    const known = this.#kept.get(host);
    const kept =
      known?.print === print ? known : { print, rate: new RequestRate(windows, this.#clock) };
    const { rate } = kept;
    this.#kept.delete(host);
    this.#kept.set(host, kept);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > ociLimits.registryRatesKept) this.#kept.delete(oldest);
    return rate;
  }
}
