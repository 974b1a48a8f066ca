/**
 * Metrics of hooks. Requests are counted by the process that answers them; the results of accepted
 * ones are read from the database at each scrape, for the whole instance.
 */
import { sql, type Kysely } from 'kysely';
import { Counter, Gauge, Histogram, type HistogramConfiguration, type Registry } from 'prom-client';

import type { Database } from '../floor/db/index.ts';
import { hookDurationBuckets, serverLimits } from '../floor/limits.ts';

/** A request to the address of a hook. */
export interface ReceivedRequest {
  /** Name of the hook; empty for an address that no hook has. */
  readonly hook: string;
  /** `accepted`, or the code of the problem that was answered. */
  readonly outcome: string;
  /** Until the answer was known. */
  readonly seconds: number;
}

export interface HookReading {
  readonly hook: string;
  readonly waiting: number;
  /** How long the oldest delivery waits. */
  readonly oldestSeconds: number;
  /** Dead letters that are stored. */
  readonly deadLetters: number;
  /** Totals since the hook was added. */
  readonly processed: number;
  readonly dead: number;
  /** How many took at most each of `hookDurationBuckets`. */
  readonly counts: readonly number[];
  readonly seconds: number;
}

export async function readHooks(database: Kysely<Database>): Promise<readonly HookReading[]> {
  const { rows } = await sql<HookReading>`
    select name as hook, processed, dead_lettered as dead, duration_counts as counts,
           duration_seconds as seconds,
           (select count(*) from hook_deliveries d
            where d.hook = h.id and d.state = 'dead') as "deadLetters",
           coalesce(queued.waiting, 0) as waiting,
           coalesce(queued.seconds, 0)::float8 as "oldestSeconds"
    from hooks h
    left join lateral (
      select count(*) as waiting, extract(epoch from now() - min(received_at)) as seconds
      from hook_deliveries d where d.hook = h.id and d.state = 'queued'
    ) as queued on true
    order by name limit ${serverLimits.hooksMeasured}`.execute(database);
  return rows;
}

const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 20];

export type HookMetrics = ReturnType<typeof createHookMetrics>;

export function createHookMetrics(registry: Registry) {
  const about = <T extends string>(name: string, help: string, labelNames: T[]) => ({
    ...{ name: `lazaret_hook_${name}`, help, labelNames, registers: [registry] },
  });
  const received = 'Time until a notification was accepted or refused, by outcome';
  const processed = 'Time from the receipt of a notification until it was processed or dead';
  return {
    requests: new Counter(
      about('requests_total', 'Requests to hooks, by outcome', ['hook', 'outcome']),
    ),
    answers: new Histogram({
      ...about('request_duration_seconds', received, ['outcome']),
      buckets: requestBuckets,
    }),
    waiting: new Gauge(about('deliveries_waiting', 'Notifications that wait', ['hook'])),
    oldest: new Gauge(
      about('oldest_waiting_seconds', 'How long the oldest notification waits', ['hook']),
    ),
    deadLetters: new Gauge(about('dead_letters', 'Dead letters that are stored', ['hook'])),
    deliveries: new Counter(
      about('deliveries_total', 'Notifications that ended: processed or dead', ['hook', 'outcome']),
    ),
    processing: new StoredHistogram({
      ...about('processing_duration_seconds', processed, []),
      buckets: [...hookDurationBuckets],
    }),
  };
}

interface StoredCounts extends Pick<HookReading, 'counts' | 'seconds'> {
  readonly count: number;
}

/** A histogram whose numbers are those of the database. */
class StoredHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  #stored: StoredCounts = { counts: [], seconds: 0, count: 0 };

  constructor(about: HistogramConfiguration<string>) {
    super(about);
    this.#name = about.name;
    this.#help = about.help;
  }

  replace(stored: StoredCounts): void {
    this.#stored = stored;
  }

  /** Called by the registry of the library; its own method only has observed values. */
  async getForPromString(): Promise<object> {
    const { counts, seconds, count } = this.#stored;
    const name = this.#name;
    const value = (suffix: string, number: number, labels: object): object => ({
      ...{ metricName: `${name}_${suffix}`, value: number, labels },
    });
    return {
      ...{ name, help: this.#help, type: 'histogram', aggregator: 'sum' },
      values: [
        ...hookDurationBuckets.map((le, at) => value('bucket', counts[at] ?? 0, { le })),
        value('bucket', count, { le: '+Inf' }),
        value('sum', seconds, {}),
        value('count', count, {}),
      ],
    };
  }
}

export function observeRequest(metrics: HookMetrics, request: ReceivedRequest): void {
  const { hook, outcome, seconds } = request;
  metrics.requests.inc({ hook, outcome });
  metrics.answers.observe({ outcome }, seconds);
}

export function setHooks(metrics: HookMetrics, hooks: readonly HookReading[]): void {
  const { waiting, oldest, deadLetters, deliveries, processing } = metrics;
  for (const one of [waiting, oldest, deadLetters, deliveries]) one.reset();
  for (const { hook, ...reading } of hooks) {
    waiting.set({ hook }, reading.waiting);
    oldest.set({ hook }, reading.oldestSeconds);
    deadLetters.set({ hook }, reading.deadLetters);
    deliveries.inc({ hook, outcome: 'processed' }, reading.processed);
    deliveries.inc({ hook, outcome: 'dead' }, reading.dead);
  }
  const sum = (pick: (one: HookReading) => number): number =>
    hooks.reduce((total, one) => total + pick(one), 0);
  processing.replace({
    counts: hookDurationBuckets.map((_, at) => sum(({ counts }) => counts[at] ?? 0)),
    seconds: sum(({ seconds }) => seconds),
    count: sum(({ processed, dead }) => processed + dead),
  });
}
