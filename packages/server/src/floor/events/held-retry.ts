/**
 * Events that are held back by an older transaction become readable when that one ends, and it may
 * end without an event of its own, so nobody would wake. Until then a loop asks again soon, less
 * often the longer it takes.
 */
import { limits } from '@lazaret/protocol';

import type { Loop } from '../loop.ts';

/** Told after each reading whether something is held back. */
export function createHeldRetry(loop: Loop): (held: boolean) => void {
  let delayMs: number = limits.eventHeldPollMs;
  return (held) => {
    if (!held) {
      delayMs = limits.eventHeldPollMs;
      return;
    }
    setTimeout(() => loop.wake(), delayMs).unref();
    delayMs = Math.min(delayMs * 2, limits.eventPollMs);
  };
}
