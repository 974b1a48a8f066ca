/**
 * A loop that runs when nudged and at least once per period, never twice at a time, survives a
 * failed turn with back-off, and tells when it last came round (liveness reads that).
 */
import type { Logger } from 'pino';

export interface LoopOptions {
  readonly name: string;
  readonly periodMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const failureBackoffMsMax = 5_000;

export class Loop {
  readonly name: string;
  /** Monotonic milliseconds of the last turn that began or ended. */
  lastBeatMs: number = performance.now();
  /** What went wrong in the last turn; undefined when it was fine. */
  lastError: unknown;
  readonly #options: LoopOptions;
  #nudged = false;
  #wake: (() => void) | undefined;

  constructor(options: LoopOptions) {
    this.name = options.name;
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#wake?.());
  }

  /** Asks for a turn as soon as the present one is over. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Turns until the signal aborts. */
  async run(turn: () => Promise<void>): Promise<void> {
    const { signal, log, periodMs } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.#nudged = false;
      this.lastBeatMs = performance.now();
      try {
        await turn();
        failures = 0;
        this.lastError = undefined;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.lastError = error;
        log.error({ err: error, loop: this.name, failures }, 'a turn of the loop failed');
      }
      this.lastBeatMs = performance.now();
      const backoffMs = Math.min(100 * 2 ** Math.min(failures, 10), failureBackoffMsMax);
      await this.#pause(failures > 0 ? backoffMs : periodMs, failures > 0);
    }
  }

  #pause(ms: number, deaf: boolean): Promise<void> {
    if (this.#options.signal.aborted || (this.#nudged && !deaf)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = deaf && !this.#options.signal.aborted ? undefined : done;
      if (deaf) this.#options.signal.addEventListener('abort', done, { once: true });
    });
  }
}
