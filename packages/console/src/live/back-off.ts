/** Delays between retries: exponential, capped, with jitter so that clients spread out. */
import { jitteredBackoffMs } from '@lazaret/protocol';

const bounds = { initialMs: 1_000, maxMs: 30_000 } as const;

export function backOffMs(failures: number): number {
  return jitteredBackoffMs(failures, bounds, Math.random);
}

/** Sleeps; returns immediately when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** A signal that also aborts when the page is hidden; to be released after use. */
export function untilHidden(signal: AbortSignal): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const hidden = new AbortController();
  const hide = (): void => {
    if (document.hidden) hidden.abort();
  };
  document.addEventListener('visibilitychange', hide);
  return {
    signal: AbortSignal.any([signal, hidden.signal]),
    release: () => document.removeEventListener('visibilitychange', hide),
  };
}

/** Resolves when the page is visible. A hidden page keeps no stream open: browsers allow few. */
export async function untilVisible(signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        document.removeEventListener('visibilitychange', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      document.addEventListener('visibilitychange', end);
      signal.addEventListener('abort', end);
    });
  }
}
