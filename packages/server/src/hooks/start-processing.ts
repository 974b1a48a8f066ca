/** The loops of the role watcher that work on what hooks received. */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { Loop } from '../floor/loop.ts';
import type { SliceContext } from '../floor/slice.ts';
import { hookLimits } from './limits.ts';
import { processDeliveries } from './process-deliveries.ts';
import { recordEvents, type RecordingParts } from './record-event.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';

export interface HookProcessing {
  readonly loops: readonly Loop[];
  /** Resolves when nothing of it runs any more; what was not processed waits in its table. */
  stop(): Promise<void>;
}

/** Those who wait for deliveries wait for this. */
export const deliveriesChanged = 'hook deliveries';

export interface ProcessingOptions extends RecordingParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onEvents: () => void;
  /** Resolves when a delivery may have been stored, after a while, or on the signal. */
  readonly changed: SliceContext['changed'];
}

export function startProcessing(options: ProcessingOptions): HookProcessing {
  const { database, log } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const processing = new Loop({
    ...{ name: 'hook deliveries', periodMs: hookLimits.pollMs, log, signal },
  });
  const sweeping = new Loop({ name: 'hook retention', periodMs: hookLimits.sweepMs, log, signal });
  const parts = { ...options, record: recordEvents(options) };
  const ended = [
    wakeOnDeliveries(options, { processing, signal }),
    processing.run(() => processDeliveries(parts, signal)),
    sweeping.run(() => sweepDeliveries(database)),
  ];
  return {
    loops: [processing, sweeping],
    async stop() {
      stopped.abort();
      await Promise.allSettled(ended);
    },
  };
}

/** Other loops of the role have nothing to do with a delivery, so they are not woken. */
async function wakeOnDeliveries(
  { changed }: ProcessingOptions,
  { processing, signal }: { readonly processing: Loop; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await changed(deliveriesChanged, signal);
    processing.wake();
  }
}
