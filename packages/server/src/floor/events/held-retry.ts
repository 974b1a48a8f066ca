/**
 * Events that are delayed by an older transaction become readable when that one ends, possibly
 * without its own event, so nothing would wake the loop. Until then it polls with increasing
 * intervals.
 */

import { serverLimits } from '../limits.ts';
import type { Loop } from '../loop.ts';
import { eventLimits } from './limits.ts';

/** Called after each read with whether events are delayed. */
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
