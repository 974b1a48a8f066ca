/**
 * The loops of the role watcher that judge: arrivals that have settled, and stored images. All
 * state is in the database, every step is one transaction, and any number of watchers share it.
 */
import type { Logger } from 'pino';

import { Loop } from '../floor/loop.ts';
import { decideArrivals, type JudgingParts } from './decide-arrivals.ts';
import { judgingLimits } from './limits.ts';

export interface JudgingOptions extends JudgingParts {
  readonly log: Logger;
  /** Told what changed, after the commit: an arrival. */
  readonly onChange: (id: string) => void;
}

export interface Judging {
  readonly loops: readonly Loop[];
  wake(): void;
  /** Resolves when the current step has been committed. */
  stop(): Promise<void>;
}

export function startJudging(options: JudgingOptions): Judging {
  const { log } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const periodMs = judgingLimits.judgeMs;
  const arrivals = new Loop({ name: 'decisions', periodMs, log, signal });
  const running = [
    arrivals.run(async () => {
      const decided = await decideArrivals(options);
      for (const id of decided) options.onChange(id);
      if (decided.length > 0) arrivals.wake();
    }),
  ];
  return {
    loops: [arrivals],
    wake: () => arrivals.wake(),
    async stop() {
      stopped.abort();
      await Promise.allSettled(running);
    },
  };
}
