import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the caller has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends with an error when the signal does; a plain timer unless given. */
  wait?(ms: number, signal?: AbortSignal): Promise<void>;
}

export async function waitFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  if (clock.wait !== undefined) await clock.wait(ms, signal);
  else await sleep(ms, undefined, signal === undefined ? {} : { signal });
}
