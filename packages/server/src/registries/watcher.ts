/**
 * The loops of the role watcher: polls of the registries that are due, and arrivals from their
 * verification to the result of their inspections. All state is in the database, every step can be
 * repeated, and any number of watchers share the work.
 */
import type { Logger } from 'pino';

import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import type { InspectionQueue } from '../inspection/index.ts';
import { inspectArrivals, settleArrivals } from './inspect-arrivals.ts';
import { watchLimits } from './limits.ts';
import { PollLease } from './poll-lease.ts';
import type { PollParts } from './poll-context.ts';
import { pollRegistry } from './poll-registry.ts';
import { startSweeping, type Retention } from './sweep-history.ts';
import { verifyTags } from './verify-tags.ts';

export interface WatcherOptions extends Omit<PollParts, 'onChange'> {
  readonly queue: InspectionQueue;
  readonly log: Logger;
  readonly random: () => number;
  readonly retention: Retention;
  /** Told what changed, after the commit: an arrival, or `arrivals` for all who wait for any. */
  readonly onChange: (id: string) => void;
}

export interface Watcher {
  readonly loops: readonly Loop[];
  wake(): void;
  /** The same for arrivals and reported tags alone. */
  wakeArrivals(): void;
  /** Polls end at the next request; registries go back to other watchers. */
  stop(): Promise<void>;
}

/** The id of the signal that there may be any new arrival. */
export const arrivalsChanged = 'arrivals';

export function startWatcher(options: WatcherOptions): Watcher {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { log } = options;
  const running = new Set<Promise<void>>();
  let verifying: Promise<void> | undefined;
  const onChange = (): void => {
    arrivals.wake();
    options.onChange(arrivalsChanged);
  };
  const parts = { ...options, onChange };
  const timing = { periodMs: watchLimits.watchMs, spacingMs: serverLimits.loopSpacingMs };
  const polls = new Loop({ name: 'watcher polls', ...timing, log, signal });
  const arrivals = new Loop({ name: 'watcher arrivals', ...timing, log, signal });

  /** Starts polls and does not wait for them: one may take long. */
  async function startPolls(): Promise<void> {
    while (running.size < watchLimits.pollsAtOnce && !signal.aborted) {
      const lease = await PollLease.claim(options);
      if (lease === undefined) return;
      const poll = pollRegistry(parts, lease, signal)
        .catch((error: unknown) => {
          log.error({ err: error, registry: lease.registry.name }, 'a poll could not be ended');
        })
        .finally(() => {
          running.delete(poll);
          options.onChange(lease.registry.id);
          polls.wake();
        });
      running.add(poll);
    }
  }

  /** Not waited for either: a registry may answer slowly. */
  function startVerifying(): void {
    if (verifying !== undefined) return;
    verifying = verifyTags(parts, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'reported tags could not be read');
        return 0;
      })
      .then((count) => {
        verifying = undefined;
        // More of them may be due.
        if (count > 0) arrivals.wake();
      });
  }

  async function moveArrivals(): Promise<void> {
    startVerifying();
    await inspectArrivals(options, signal);
    const settled = await settleArrivals(options);
    for (const id of settled) options.onChange(id);
    if (settled.length > 0) options.onChange(arrivalsChanged);
  }

  const stopSweeping = startSweeping(options);
  const loops = [polls.run(startPolls), arrivals.run(moveArrivals)];
  return {
    loops: [polls, arrivals],
    wakeArrivals: () => arrivals.wake(),
    wake: () => {
      for (const loop of [polls, arrivals]) loop.wake();
    },
    async stop() {
      stopped.abort(new Error('the watcher stops'));
      await Promise.allSettled([...loops, ...running, verifying, stopSweeping()]);
    },
  };
}
