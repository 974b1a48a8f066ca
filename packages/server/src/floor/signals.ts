/** Wakes whoever waits for a job to change: at once inside this process, by polling from others. */
import { limits } from '@lazaret/protocol';

export interface JobSignals {
  notify(job: string): void;
  /** Resolves at the next change, after the polling period, or when the signal aborts. */
  changed(job: string, signal: AbortSignal): Promise<void>;
}

export function createJobSignals(): JobSignals {
  const waiting = new Map<string, Set<() => void>>();
  return {
    notify(job) {
      for (const wake of waiting.get(job) ?? []) wake();
    },
    changed(job, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const waiters = waiting.get(job) ?? new Set();
        waiting.set(job, waiters);
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          waiters.delete(wake);
          if (waiters.size === 0 && waiting.get(job) === waiters) waiting.delete(job);
          resolve();
        };
        const timer = setTimeout(wake, limits.eventPollMs);
        signal.addEventListener('abort', wake, { once: true });
        waiters.add(wake);
      });
    },
  };
}
