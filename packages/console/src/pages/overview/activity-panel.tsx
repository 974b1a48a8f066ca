import { BarChart } from '@mantine/charts';
import { operations } from '@lazaret/protocol';
import { IconChartBar } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { hourAxis } from './hour-axis.ts';

const series = [
  { name: 'succeeded', label: 'Succeeded', color: 'var(--lz-succeeded)' },
  { name: 'failed', label: 'Failed', color: 'var(--lz-failed)' },
  { name: 'timed_out', label: 'Timed out', color: 'var(--lz-timed-out)' },
  { name: 'cancelled', label: 'Cancelled', color: 'var(--lz-cancelled)' },
];
const spans = [
  { hours: 24, label: 'Day' },
  { hours: 168, label: 'Week' },
] as const;

/** Finished jobs per hour. */
export function ActivityPanel(): ReactNode {
  const [hours, setHours] = useState<number>(24);
  const call = { query: { hours } };
  const query = useOperation(operations.jobs.activity, call, {
    refetchMs: 60_000,
    keepPrevious: true,
  });
  return (
    <Panel
      title="Finished jobs per hour"
      actions={
        <div className="chips" role="group" aria-label="Time span">
          {spans.map((span) => (
            <button
              key={span.hours}
              type="button"
              className="chip"
              aria-pressed={hours === span.hours}
              onClick={() => setHours(span.hours)}
            >
              {span.label}
            </button>
          ))}
        </div>
      }
    >
      <QueryView query={query} rows={6}>
        {(data) => <Activity hours={data.hours} />}
      </QueryView>
    </Panel>
  );
}

interface Hour {
  readonly at: string;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timed_out: number;
  readonly cancelled: number;
}

function Activity({ hours }: { readonly hours: readonly Hour[] }): ReactNode {
  const ended = hours.reduce(
    (sum, hour) => sum + hour.succeeded + hour.failed + hour.timed_out + hour.cancelled,
    0,
  );
  if (ended === 0) {
    return (
      <EmptyState icon={IconChartBar} title="No jobs finished in this period" small>
        Finished jobs are shown here per hour.
      </EmptyState>
    );
  }
  const submitted = hours.reduce((sum, hour) => sum + hour.submitted, 0);
  const succeeded = hours.reduce((sum, hour) => sum + hour.succeeded, 0);
  const axis = hourAxis(hours.map(({ at }) => at));
  const summary =
    `${submitted.toLocaleString('en')} submitted, ${ended.toLocaleString('en')} finished, ` +
    `${Math.round((succeeded / ended) * 100)} % succeeded`;
  return (
    <figure className="chart">
      <BarChart
        h={230}
        data={hours.map((hour) => ({ ...hour }))}
        dataKey="at"
        type="stacked"
        series={series}
        tickLine="none"
        gridAxis="x"
        maxBarWidth={22}
        barProps={{ isAnimationActive: false }}
        barChartProps={{ accessibilityLayer: false }}
        xAxisProps={{ ticks: [...axis.ticks], interval: 0, tickFormatter: axis.label }}
        yAxisProps={{ allowDecimals: false, width: 36 }}
        tooltipProps={{
          // There is no label while the pointer is outside the chart.
          labelFormatter: (at) => (typeof at === 'string' ? axis.fullLabel(at) : ''),
        }}
      />
      <figcaption>
        <ul className="phase-key">
          {series.map(({ name, label, color }) => (
            <li key={name}>
              <i style={{ background: color }} />
              {label}
            </li>
          ))}
          <li className="chart-summary">{summary}</li>
        </ul>
      </figcaption>
    </figure>
  );
}
