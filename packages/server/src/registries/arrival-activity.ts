/** Arrivals per hour by verdict, and how many wait: the trend of the overview. */
import type { OperationOutput, operations, VerdictState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { idAt } from '../floor/ids.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';

type Activity = OperationOutput<typeof operations.arrivals.activity>;

interface CountRow {
  readonly hour: Date;
  readonly verdict: VerdictState | null;
  readonly state: string;
  readonly acted: boolean;
  readonly count: number;
}

const hourMs = 3_600_000;

/** Every hour of the span, also those without arrivals; by the time of the arrival, in UTC. */
export async function readArrivalActivity(
  database: Kysely<Database>,
  bounds: SearchBounds,
  { hours, nowMs }: { readonly hours: number; readonly nowMs: number },
): Promise<Activity> {
  const firstMs = (Math.floor(nowMs / hourMs) - hours + 1) * hourMs;
  const within = withinBounds('a.project', bounds);
  const [counted, open] = await Promise.all([
    sql<CountRow>`
      select date_trunc('hour', a.recorded_at at time zone 'UTC') at time zone 'UTC' as hour,
        a.verdict, a.state, coalesce(a.action in ('block', 'quarantine', 'delete'), false) as acted,
        count(*)::int as count
      from arrivals a where a.id >= ${idAt(firstMs)} and ${within} group by 1, 2, 3, 4
    `.execute(database),
    sql<{ readonly waiting: number; readonly inspecting: number }>`
      select count(*) filter (where a.state = 'waiting')::int as waiting,
        count(*) filter (where a.state = 'inspecting')::int as inspecting
      from arrivals a where a.state in ('waiting', 'inspecting') and ${within}
    `.execute(database),
  ]);
  const byHour = Map.groupBy(counted.rows, ({ hour }) => hour.getTime());
  return {
    hours: Array.from({ length: hours }, (_, at) => {
      const atMs = firstMs + at * hourMs;
      return { at: new Date(atMs).toISOString(), ...countHour(byHour.get(atMs) ?? []) };
    }),
    ...(open.rows[0] ?? { waiting: 0, inspecting: 0 }),
  };
}

function countHour(rows: readonly CountRow[]): Omit<Activity['hours'][number], 'at'> {
  const count = (matches: (row: CountRow) => boolean): number =>
    rows.filter(matches).reduce((sum, row) => sum + row.count, 0);
  const verdict = (name: VerdictState): number => count((row) => row.verdict === name);
  return {
    arrived: count(() => true),
    malicious: verdict('malicious'),
    suspicious: verdict('suspicious'),
    incomplete: verdict('incomplete'),
    unscanned: verdict('unscanned'),
    clean: verdict('clean'),
    failed: count(({ state }) => state === 'failed'),
    acted: count(({ acted }) => acted),
  };
}
