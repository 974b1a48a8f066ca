/**
 * The loops of the role watcher that judge: arrivals that have settled, and stored images. All
 * state is in the database, every step is one transaction, and any number of watchers share it.
 */
import type { Logger } from 'pino';

import type { EventReader } from '../floor/events/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import { decideArrivals, type JudgingParts } from './decide-arrivals.ts';
import { judgingLimits } from './limits.ts';
import { syncPolicyFiles, type FileParts } from './policy-files.ts';
import { judgeDue, markInspected, rejudgeBatch } from './rejudge.ts';
import { reexamineOutdated, type ReexamineParts } from './reexamine.ts';
import { rejudgeSignal } from './routes.ts';

export interface JudgingOptions extends JudgingParts, FileParts, ReexamineParts {
  readonly log: Logger;
  /** Told what changed, after the commit: an arrival, or the judging of a project. */
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
  const spacingMs = serverLimits.loopSpacingMs;
  const arrivals = new Loop({ name: 'decisions', periodMs, spacingMs, log, signal });
  const stored = new Loop({ name: 'rejudge', periodMs, spacingMs, log, signal });
  const { filesMs } = judgingLimits;
  const files = new Loop({ name: 'policy files', periodMs: filesMs, log, signal });
  const { reexaminePeriodMs } = judgingLimits;
  const outdated = new Loop({
    ...{ name: 'reexamination', periodMs: reexaminePeriodMs, log, signal },
  });
  const running = [
    outdated.run(async () => {
      if ((await reexamineOutdated(options)) === 0) return;
      options.queue.wake();
      outdated.wake();
    }),
    arrivals.run(async () => {
      const decided = await decideArrivals(options);
      for (const id of decided) options.onChange(id);
      if (decided.length > 0) arrivals.repeat();
    }),
    stored.run(async () => {
      const wasDue = await judgeDue(options);
      const project = await rejudgeBatch(options);
      if (project !== undefined) options.onChange(rejudgeSignal(project));
      if (wasDue || project !== undefined) stored.repeat();
    }),
    files.run(async () => {
      if (!(await syncPolicyFiles(options))) return;
      options.onChange('policies');
      stored.wake();
    }),
  ];
  return {
    loops: [arrivals, stored, files, outdated],
    wake: () => {
      arrivals.wake();
      stored.wake();
    },
    async stop() {
      stopped.abort();
      await Promise.allSettled(running);
    },
  };
}

/**
 * Decisions follow the newest report of an image, also that of an inspection on request, and what
 * scripts found in it.
 */
export function inspectionReader(): EventReader {
  return {
    name: 'policies',
    types: ['image.inspected', 'script.completed', 'script.failed'],
    start: 'now',
    giveUpAfter: 10,
    handle: (events, open) =>
      markInspected(
        open,
        events.flatMap(({ project, subject: digest }) =>
          project === null ? [] : [{ project, digest }],
        ),
      ),
  };
}
