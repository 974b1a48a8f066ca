/**
 * Wakes callers that wait for a change of a job or an inspection: at once for changes of this
 * process; those of other processes are seen at the next poll.
 */
import { serverLimits } from './limits.ts';

export interface ChangeSignals {
  notify(id: string): void;
  /** Resolves at the next change, after the polling period, or when the signal aborts. */
  changed(id: string, signal: AbortSignal): Promise<void>;
}

export function createChangeSignals(): ChangeSignals {
  const waiting = new Map<string, Set<() => void>>();
  return {
    notify(id) {
      for (const wake of waiting.get(id) ?? []) wake();
    },
    changed(id, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const waiters = waiting.get(id) ?? new Set();
        waiting.set(id, waiters);
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          waiters.delete(wake);
          if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id);
          resolve();
        };
        const timer = setTimeout(wake, serverLimits.eventPollMs);
        signal.addEventListener('abort', wake, { once: true });
        waiters.add(wake);
      });
    },
  };
}
