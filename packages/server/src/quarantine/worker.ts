/**
 * The loops that run actions, those that decisions ask for included, and give up evidence. All
 * state is in the database, every step can be repeated, and any number of processes share the work.
 */
import type { Logger } from 'pino';

import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import { ActionLease } from './action-lease.ts';
import { actionLimits } from './limits.ts';
import { recordEffects } from './record-effects.ts';
import { runAction, type ActionParts } from './run-action.ts';
import { sweepEvidence } from './sweep-evidence.ts';

export interface ActionWorkerOptions extends ActionParts {
  /** How long evidence is kept at least. */
  readonly retentionMs: number;
  readonly log: Logger;
  /** Told what changed, after the commit: an action and its item. */
  readonly onChange: (id: string) => void;
}

export interface ActionWorker {
  readonly loops: readonly Loop[];
  wake(): void;
  /** Actions stop at their next request and go back to other processes. */
  stop(): Promise<void>;
}

/** Starts both loops. */
export function startActionWorker(options: ActionWorkerOptions): ActionWorker {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { log, onChange } = options;
  const running = new Set<Promise<void>>();
  const periodMs = actionLimits.loopMs;
  const spacingMs = serverLimits.loopSpacingMs;
  const actions = new Loop({ name: 'registry actions', periodMs, spacingMs, log, signal });
  const sweeps = new Loop({ name: 'evidence sweep', periodMs: actionLimits.sweepMs, log, signal });

  /** Starts actions and does not wait for them: one may take long. */
  async function startActions(): Promise<void> {
    if ((await recordEffects(options)) === actionLimits.effectsAtOnce) actions.repeat();
    while (running.size < actionLimits.atOnce && !signal.aborted) {
      const lease = await ActionLease.claim(options);
      if (lease === undefined) return;
      const { id, item } = lease.action;
      const run = runAction(options, lease, signal)
        .catch(async (error: unknown) => {
          if (signal.aborted) return lease.release();
          lease.close();
          log.error({ err: error, action: id }, 'an action could not be ended');
        })
        .catch((error: unknown) => log.warn({ err: error, action: id }, 'a lease stays'))
        .finally(() => {
          running.delete(run);
          onChange(id);
          if (item !== null) onChange(item);
          actions.wake();
        });
      running.add(run);
    }
  }

  async function sweep(): Promise<void> {
    if ((await sweepEvidence(options)) === actionLimits.sweptAtOnce) sweeps.wake();
  }

  const loops = [actions.run(startActions), sweeps.run(sweep)];
  return {
    loops: [actions, sweeps],
    wake: () => actions.wake(),
    async stop() {
      stopped.abort(new Error('the process stops'));
      await Promise.allSettled([...loops, ...running]);
    },
  };
}
