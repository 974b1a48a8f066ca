/**
 * Events that are held back by an older transaction become readable when that one ends, and it may
 * end without an event of its own, so nothing would wake the loop. Until then it polls soon, less
 * often the longer it takes.
 */

import { serverLimits } from '../limits.ts';
import type { Loop } from '../loop.ts';
import { eventLimits } from './limits.ts';

/** Told after each reading whether something is held back. */
export function createHeldRetry(loop: Loop): (held: boolean) => void {
  let delayMs: number = eventLimits.heldPollMs;
  return (held) => {
    if (!held) {
      delayMs = eventLimits.heldPollMs;
      return;
    }
    setTimeout(() => loop.wake(), delayMs).unref();
    delayMs = Math.min(delayMs * 2, serverLimits.eventPollMs);
  };
}
