/** The loops of the role watcher that send notifications. */
import type { Logger } from 'pino';

import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import { claimTarget, sendTurn, type DeliverParts } from './deliver.ts';
import { notificationLimits } from './limits.ts';
import { sweepDeliveries } from './sweep.ts';

export interface SendingOptions extends DeliverParts {
  readonly log: Logger;
}

export interface Sending {
  readonly loops: readonly Loop[];
  wake(): void;
  /** Attempts are aborted and do not count; what was not delivered waits in its table. */
  stop(): Promise<void>;
}

export function startSending(options: SendingOptions): Sending {
  const { log, database } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const turns = new Set<Promise<void>>();
  const sending = new Loop({
    ...{ name: 'notifications', periodMs: notificationLimits.pollMs, log, signal },
    spacingMs: serverLimits.loopSpacingMs,
  });
  const sweeping = new Loop({
    ...{ name: 'notification retention', periodMs: notificationLimits.sweepMs, log, signal },
  });

  /** Starts turns and does not wait for them: a target may answer slowly. */
  async function startTurns(): Promise<void> {
    while (turns.size < notificationLimits.targetsAtOnce && !signal.aborted) {
      const leased = await claimTarget(database);
      if (leased === undefined) return;
      const turn = sendTurn(options, leased, signal)
        .catch((error: unknown) => {
          log.error({ err: error, target: leased.target.name }, 'notifications were not sent');
        })
        .finally(() => {
          turns.delete(turn);
          sending.wake();
        });
      turns.add(turn);
    }
  }

  const loops = [
    sending.run(startTurns),
    sweeping.run(async () => {
      if (await sweepDeliveries(database)) options.onEvents();
    }),
  ];
  return {
    loops: [sending],
    wake: () => sending.wake(),
    async stop() {
      stopped.abort(new Error('the watcher stops'));
      await Promise.allSettled([...loops, ...turns]);
    },
  };
}
