/** The loops of the role watcher that work on what hooks received. */
import type { SliceContext } from '../floor/slice.ts';
import { Loop } from '../floor/loop.ts';
import { hookLimits } from './limits.ts';
import { processDeliveries, type RecordEvent } from './process-deliveries.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';

export interface HookProcessing {
  readonly loops: readonly Loop[];
  wake(): void;
  /** Resolves when nothing of it runs any more; the signal ends it. */
  readonly ended: Promise<void>;
}

export function startProcessing(
  context: Pick<SliceContext, 'database' | 'log' | 'signal' | 'onEvents'> & {
    readonly record: RecordEvent;
  },
): HookProcessing {
  const { database, log, signal } = context;
  const processing = new Loop({
    ...{ name: 'hook-deliveries', periodMs: hookLimits.pollMs, log, signal },
  });
  const sweeping = new Loop({ name: 'hook-sweep', periodMs: hookLimits.sweepMs, log, signal });
  const ended = Promise.all([
    processing.run(() => processDeliveries(context, signal)),
    sweeping.run(() => sweepDeliveries(database)),
  ]);
  return {
    loops: [processing, sweeping],
    wake: () => processing.wake(),
    ended: ended.then(() => undefined),
  };
}
