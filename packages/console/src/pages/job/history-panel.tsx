import type { HistoryEntry, JobDetail } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { absoluteTime } from '../../time.ts';

const columns: Column<HistoryEntry>[] = [
  {
    label: 'Time',
    cell: ({ at }) => (
      <time dateTime={at} className="number nowrap">
        {absoluteTime(at)}
      </time>
    ),
  },
  { label: 'State', cell: ({ state }) => <StateBadge state={state} /> },
  { label: 'Attempt', cell: ({ attempt }) => attempt },
  { label: 'Cause', cell: ({ cause }) => cause },
  {
    label: 'Detail',
    cell: ({ detail }) => (detail === '' ? null : <PlainText>{detail}</PlainText>),
  },
];

/** State changes of the job, oldest first. */
export function HistoryPanel({ job }: { readonly job: JobDetail }): ReactNode {
  return (
    <DataTable
      label="History"
      columns={columns}
      rows={job.history}
      rowKey={({ at, state, attempt }) => `${at} ${state} ${attempt ?? 0}`}
    />
  );
}
