/** The slice of metrics: its route, and the observer of requests. */
import { system } from '@lazaret/protocol';

import type { Outbox } from '../floor/events/index.ts';
import { route } from '../floor/http/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { shareAnswer } from '../floor/share-answer.ts';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { countJobs } from './count-jobs.ts';
import { createMetrics, type LoopReading, type Metrics } from './metrics.ts';

export interface MetricsSlice extends Slice {
  readonly observeAnswer: Metrics['observeAnswer'];
  readonly observeHook: Metrics['observeHook'];
}

export function metricsSlice(
  context: Pick<SliceContext, 'database' | 'log' | 'signal' | 'clock'> & {
    readonly outbox: Outbox;
    readonly version: string;
    readonly loops: () => readonly LoopReading[];
    /** Whether this process is scraped; finished jobs are only counted then. */
    readonly scraped: boolean;
  },
): MetricsSlice {
  const { database, log, signal, outbox, version, loops, clock } = context;
  const metrics = createMetrics({
    ...{ database, version, loops },
    readers: () => outbox.readers,
    subscribers: () => outbox.subscribers,
  });
  if (context.scraped) void countJobs({ outbox, database, log, metrics, signal });
  const read = shareAnswer(() => metrics.read(), {
    maxAgeMs: serverLimits.readinessShareMs,
    nowMs: clock.monotonicMs,
  });
  return {
    name: 'metrics',
    routes: [route(system.metrics, read)],
    observeAnswer: (...answer) => metrics.observeAnswer(...answer),
    observeHook: (request) => metrics.observeHook(request),
  };
}
