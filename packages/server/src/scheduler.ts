/**
 * The scheduler role: one process at a time turns the loop, whichever holds the lock; the others
 * wait for it. A turn that fails is logged and tried again: one bad row never stops the loop.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { limits } from '@lazaret/protocol';

import { withAdvisoryLock, type DatabaseHandle } from './db/index.ts';
import { scheduleOnce, type SchedulerOptions } from './jobs/index.ts';
import { Loop } from './loop.ts';

export interface Scheduler {
  readonly loops: () => readonly Loop[];
  nudge(): void;
  stop(): Promise<void>;
}

/** Schedules while it holds the lock, until stopped. */
export function startScheduler(
  options: SchedulerOptions & { readonly locks: DatabaseHandle },
): Scheduler {
  const stopped = new AbortController();
  const { signal } = stopped;
  let loop: Loop | undefined;

  async function lead(lost: AbortSignal): Promise<void> {
    loop = new Loop({
      name: 'scheduler',
      periodMs: limits.schedulerPollMs,
      log: options.log,
      signal: AbortSignal.any([lost, signal]),
    });
    await loop.run(() => scheduleOnce(options));
    loop = undefined;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await withAdvisoryLock(options.locks, 'scheduler', lead, { waitMs: limits.eventPollMs });
      } catch (error) {
        options.log.debug({ err: error }, 'another process schedules, or the database is away');
        await pause(limits.eventPollMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    loops: () => (loop === undefined ? [] : [loop]),
    nudge: () => loop?.nudge(),
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
