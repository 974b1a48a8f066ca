/**
 * Events that are delayed by an older transaction become readable when that one ends, possibly
 * without its own event, so nothing would wake the loop. Until then it polls with increasing
 * intervals.
 */

import { serverLimits } from '../limits.ts';
import type { Loop } from '../loop.ts';
import { eventLimits } from './limits.ts';

/** Called after each read with whether events are delayed. */
export function createDelayedRetry(loop: Loop): (isDelayed: boolean) => void {
  let delayMs: number = eventLimits.delayedPollMs;
  return (isDelayed) => {
    if (!isDelayed) {
      delayMs = eventLimits.delayedPollMs;
      return;
    }
    setTimeout(() => loop.wake(), delayMs).unref();
    delayMs = Math.min(delayMs * 2, serverLimits.eventPollMs);
  };
}
