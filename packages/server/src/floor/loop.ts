/**
 * A background loop: runs when it is woken and at least once per period, never twice at a time.
 * With a spacing it rests after each iteration: what is reported meanwhile is then done together.
 * A failed iteration is logged and retried with back-off, and `lastBeatMs` is the time of its last
 * progress, for liveness.
 */
import { backoffMs } from '@lazaret/protocol';
import type { Logger } from 'pino';

export interface LoopOptions {
  readonly name: string;
  readonly periodMs: number;
  /** The least time between an iteration and the next; none unless given. */
  readonly spacingMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const failureBackoff = { initialMs: 200, maxMs: 5_000 } as const;

export class Loop {
  readonly name: string;
  /** Monotonic milliseconds at which the last iteration started or ended. */
  lastBeatMs: number = performance.now();
  /** Why the last iteration failed; undefined when it succeeded. */
  lastError: unknown;
  readonly #options: LoopOptions;
  #isWoken = false;
  #isRepeated = false;
  #endPause: (() => void) | undefined;

  constructor(options: LoopOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Requests another iteration as soon as the current one and the spacing are over. */
  wake(): void {
    this.#isWoken = true;
    this.#endPause?.();
  }

  /** The same without the spacing: an iteration knows that it has left work. */
  repeat(): void {
    this.#isRepeated = true;
    this.wake();
  }

  /** Repeats `iterate` until the signal aborts. */
  async run(iterate: () => Promise<void>): Promise<void> {
    const { signal, log, periodMs, spacingMs = 0 } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.#isWoken = false;
      this.#isRepeated = false;
      this.lastBeatMs = performance.now();
      try {
        await iterate();
        failures = 0;
        this.lastError = undefined;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.lastError = error;
        log.error({ err: error, loop: this.name, failures }, 'loop iteration failed');
      }
      this.lastBeatMs = performance.now();
      if (failures > 0) {
        await this.#pause(backoffMs(failures - 1, failureBackoff), { ignoreWakeups: true });
        continue;
      }
      if (spacingMs > 0 && !this.#isRepeated) await this.#pause(spacingMs, { ignoreWakeups: true });
      await this.#pause(periodMs, { ignoreWakeups: false });
    }
  }

  /** Waits for the timeout, a wake-up or the end; leaves no timer and no listener. */
  #pause(ms: number, { ignoreWakeups }: { readonly ignoreWakeups: boolean }): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted || (this.#isWoken && !ignoreWakeups)) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#endPause = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
      if (!ignoreWakeups) this.#endPause = end;
    });
  }
}
