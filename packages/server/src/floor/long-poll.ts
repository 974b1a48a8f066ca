/** Long polling: returns a settled value, or the current one after a time limit. */

export interface LongPoll<T> {
  readonly read: () => Promise<T>;
  readonly isSettled: (value: T) => boolean;
  /** Resolves when the value may have changed, after a polling period, or on the signal. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** 0 reads once. */
  readonly waitMs: number;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
}

/** The value once it is settled, or the last one at the time limit or the signal. */
export async function longPoll<T>({ read, ...options }: LongPoll<T>): Promise<T> {
  const { isSettled, changed, waitMs } = options;
  if (waitMs <= 0) return read();
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), waitMs);
  const signal = AbortSignal.any([done.signal, options.signal]);
  try {
    for (;;) {
      // Subscribed before reading, so that a change between the two is not missed.
      const change = changed(signal);
      const value = await read();
      if (isSettled(value) || signal.aborted) return value;
      await change;
    }
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}
