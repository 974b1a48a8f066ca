import { operations } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';

import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useOperation } from '../../data.ts';
import { daySpan, HourChart, SpanChips, sumOf } from './hour-chart.tsx';

const series = [
  { name: 'succeeded', label: 'Succeeded', color: 'var(--lz-succeeded)' },
  { name: 'failed', label: 'Failed', color: 'var(--lz-failed)' },
  { name: 'timed_out', label: 'Timed out', color: 'var(--lz-timed-out)' },
  { name: 'cancelled', label: 'Cancelled', color: 'var(--lz-cancelled)' },
] as const;
const none = {
  title: 'No jobs finished in this period',
  text: 'Finished jobs are shown here per hour.',
};

/** Finished jobs per hour. */
export function ActivityPanel(): ReactNode {
  const [hours, setHours] = useState<number>(daySpan);
  const call = { query: { hours } };
  const query = useOperation(operations.jobs.activity, call, {
    refetchMs: 60_000,
    keepPrevious: true,
  });
  return (
    <Panel title="Finished jobs per hour" actions={<SpanChips hours={hours} onChange={setHours} />}>
      <QueryView query={query} rows={6}>
        {({ hours: counted }) => (
          <HourChart hours={counted} series={series} summary={summarize(counted)} none={none} />
        )}
      </QueryView>
    </Panel>
  );
}

type Hour = Readonly<Record<'submitted' | (typeof series)[number]['name'], number>>;

function summarize(hours: readonly Hour[]): string {
  const ended = series.reduce((sum, { name }) => sum + sumOf(hours, name), 0);
  const percent = Math.round((sumOf(hours, 'succeeded') / Math.max(ended, 1)) * 100);
  return (
    `${sumOf(hours, 'submitted').toLocaleString('en')} submitted, ` +
    `${ended.toLocaleString('en')} finished, ${percent} % succeeded`
  );
}
