/** The loops of the role watcher that work on what hooks received. */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { Loop } from '../floor/loop.ts';
import { hookLimits } from './limits.ts';
import { processDeliveries } from './process-deliveries.ts';
import { recordEvents, type RecordingParts } from './record-event.ts';
import { sweepDeliveries } from './sweep-deliveries.ts';

export interface HookProcessing {
  readonly loops: readonly Loop[];
  wake(): void;
  /** Resolves when nothing of it runs any more; what was not processed waits in its table. */
  stop(): Promise<void>;
}

export interface ProcessingOptions extends RecordingParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly onEvents: () => void;
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
    processing.run(() => processDeliveries(parts, signal)),
    sweeping.run(() => sweepDeliveries(database)),
  ];
  return {
    loops: [processing, sweeping],
    wake: () => processing.wake(),
    async stop() {
      stopped.abort();
      await Promise.allSettled(ended);
    },
  };
}
