/**
 * The scheduler role: one process at a time is the leader, the one that holds the lock; the others
 * wait for it. An iteration that fails is logged and retried: one bad row never stops the loop.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { withAdvisoryLock } from '../floor/db/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import { endOverdue, placeJobs } from '../jobs/index.ts';
import type { Core, Role } from './role.ts';

/** Schedules while it is the leader, until stopped. */
export function startScheduler(core: Core): Role {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { database, log, onEvents, clock } = core;
  const options = { database, log, onEvents, onPlaced: () => core.wake('worker') };
  const startedMs = clock.monotonicMs();
  let loop: Loop | undefined;
  let overdueMs = 0;

  /** Every job wakes the loop; checking for overdue jobs once a period is enough. */
  async function schedule(): Promise<void> {
    await placeJobs(options);
    const nowMs = clock.monotonicMs();
    if (nowMs - overdueMs < serverLimits.schedulerPollMs) return;
    overdueMs = nowMs;
    await endOverdue(options, { settled: nowMs - startedMs > serverLimits.leaseMs });
  }

  async function lead(lost: AbortSignal): Promise<void> {
    loop = new Loop({
      name: 'scheduler',
      periodMs: serverLimits.schedulerPollMs,
      log,
      signal: AbortSignal.any([lost, signal]),
    });
    await loop.run(schedule);
    loop = undefined;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await withAdvisoryLock(core.locks, 'scheduler', lead, { waitMs: serverLimits.eventPollMs });
      } catch (error) {
        log.debug({ err: error }, 'not the leader, or the database is unavailable');
        await pause(serverLimits.eventPollMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    loops: () => (loop === undefined ? [] : [loop]),
    wake: () => loop?.wake(),
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
