import { BarChart } from '@mantine/charts';
import { IconChartBar } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { hourAxis } from './hour-axis.ts';

export interface HourSeries {
  /** Field of an hour. */
  readonly name: string;
  readonly label: string;
  readonly color: string;
}

/** An hour with its counts. */
export type ChartHour = { readonly at: string } & Readonly<Record<string, number | string>>;

interface HourChartProps {
  readonly hours: readonly ChartHour[];
  readonly series: readonly HourSeries[];
  /** In words, below the chart. */
  readonly summary: string;
  readonly none: { readonly title: string; readonly text: string };
}

/** Counts per hour as stacked bars, with a key and a summary in words. */
export function HourChart({ hours, series, summary, none }: HourChartProps): ReactNode {
  const isEmpty = hours.every((hour) => series.every(({ name }) => hour[name] === 0));
  if (isEmpty) {
    return (
      <EmptyState icon={IconChartBar} title={none.title} small>
        {none.text}
      </EmptyState>
    );
  }
  const axis = hourAxis(hours.map(({ at }) => at));
  return (
    <figure className="chart">
      <BarChart
        h={230}
        data={hours.map((hour) => ({ ...hour }))}
        dataKey="at"
        type="stacked"
        series={series.map((one) => ({ ...one }))}
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

interface SpanChipsProps {
  readonly hours: number;
  readonly onChange: (hours: number) => void;
}

const spans = [
  { hours: 24, label: 'Day' },
  { hours: 168, label: 'Week' },
] as const;

export const daySpan = 24;

/** Chooses the time span of a chart. */
export function SpanChips({ hours, onChange }: SpanChipsProps): ReactNode {
  return (
    <div className="chips" role="group" aria-label="Time span">
      {spans.map((span) => (
        <button
          key={span.hours}
          type="button"
          className="chip"
          aria-pressed={hours === span.hours}
          onClick={() => onChange(span.hours)}
        >
          {span.label}
        </button>
      ))}
    </div>
  );
}

/** The sum of a field over all hours. */
export function sumOf<K extends string>(
  hours: readonly Readonly<Record<K, number>>[],
  name: K,
): number {
  return hours.reduce((sum, hour) => sum + hour[name], 0);
}
