/**
 * The scheduler role: one process at a time turns the loop, whichever holds the lock; the others
 * wait for it. A turn that fails is logged and tried again: one bad row never stops the loop.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { limits } from '@lazaret/protocol';

import { withAdvisoryLock, type DatabaseHandle } from '../floor/db/index.ts';
import { endOverdue, placeJobs, type SchedulerOptions } from '../jobs/index.ts';
import { Loop } from '../floor/loop.ts';

export interface Scheduler {
  readonly loops: () => readonly Loop[];
  nudge(): void;
  stop(): Promise<void>;
}

/** Schedules while it holds the lock, until stopped. */
export function startScheduler(
  options: SchedulerOptions & {
    readonly locks: DatabaseHandle;
    /** Monotonic milliseconds. */
    readonly nowMs: () => number;
  },
): Scheduler {
  const stopped = new AbortController();
  const { signal } = stopped;
  let loop: Loop | undefined;
  const startedMs = options.nowMs();
  let overdueMs = 0;

  /** Nudges come with every job; looking for what is overdue once a period is enough. */
  async function turn(): Promise<void> {
    await placeJobs(options);
    const nowMs = options.nowMs();
    if (nowMs - overdueMs < limits.schedulerPollMs) return;
    overdueMs = nowMs;
    await endOverdue(options, { settled: nowMs - startedMs > limits.leaseMs });
  }

  async function lead(lost: AbortSignal): Promise<void> {
    loop = new Loop({
      name: 'scheduler',
      periodMs: limits.schedulerPollMs,
      log: options.log,
      signal: AbortSignal.any([lost, signal]),
    });
    await loop.run(turn);
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
