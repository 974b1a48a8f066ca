import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the caller has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends with an error when the signal does; a plain timer unless given. */
  wait?(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ends with the signal's own reason when that comes first. */
export async function waitFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  const waiting =
    clock.wait?.(ms, signal) ?? sleep(ms, undefined, signal === undefined ? {} : { signal });
  await untilAborted(waiting, signal);
}

/**
 * What the work comes to, or the signal's reason where that is first: the work itself goes on for
 * others who wait for it.
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
