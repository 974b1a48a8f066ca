import { setTimeout as sleep } from 'node:timers/promises';

/** The clock of the caller. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when the signal aborts; a timer unless given. */
  wait?(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Rejects with the reason of the signal when it aborts first. */
export async function waitFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  const waiting =
    clock.wait?.(ms, signal) ?? sleep(ms, undefined, signal === undefined ? {} : { signal });
  await untilAborted(waiting, signal);
}

/**
 * The result of the work, or the reason of the signal when it aborts first. The work itself
 * continues for others who wait for it.
 */
export async function untilAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([left, work]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
