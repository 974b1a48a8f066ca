/** The loops of the role watcher that work on what hooks received. */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import type { SliceContext } from '../floor/slice.ts';
import { hookLimits } from './limits.ts';
import { processBatch } from './process-deliveries.ts';
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
    spacingMs: serverLimits.loopSpacingMs,
  });
  const parts = { ...options, record: recordEvents(options) };
  const ended = [
    wakeOnDeliveries(options, { processing, signal }),
    // One batch at a time, so that the loop shows progress however much waits.
    processing.run(async () => {
      if (await processBatch(parts, signal)) processing.wake();
    }),
  ];
  const stopSweeping = sweepNowAndThen(database, log);
  return {
    loops: [processing],
    async stop() {
      stopped.abort();
      stopSweeping();
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

/** At the start and every few minutes. Returns a function that stops it. */
function sweepNowAndThen(database: Kysely<Database>, log: Logger): () => void {
  const sweep = (): void => {
    sweepDeliveries(database).catch((error: unknown) =>
      log.warn({ err: error }, 'sweep of deliveries failed'),
    );
  };
  sweep();
  const timer = setInterval(sweep, hookLimits.sweepMs);
  return () => clearInterval(timer);
}
