import { type JobState, operations } from '@lazaret/protocol';
import {
  type Icon,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader2,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';

interface StatCard {
  readonly label: string;
  readonly states: readonly JobState[];
  readonly tone: string;
  readonly icon: Icon;
}

const statCards: readonly StatCard[] = [
  {
    label: 'Running',
    states: ['placed', 'starting', 'running', 'collecting'],
    tone: 'moving',
    icon: IconLoader2,
  },
  { label: 'Queued', states: ['queued'], tone: 'queued', icon: IconHourglass },
  { label: 'Succeeded', states: ['succeeded'], tone: 'succeeded', icon: IconCircleCheck },
  {
    label: 'Failed or timed out',
    states: ['failed', 'timed_out'],
    tone: 'failed',
    icon: IconCircleX,
  },
];

/** Job counts by state, each linking to the filtered job list. */
export function StatCards(): ReactNode {
  const { data } = useOperation(operations.jobs.count, {}, { refetchMs: 5_000 });
  return (
    <div className="grid-4 stat-cards">
      {statCards.map(({ label, states, tone, icon: CardIcon }) => (
        <Link
          key={label}
          to="/jobs"
          search={{ state: states.join(',') }}
          className={`panel stat-card tone-${tone} still`}
        >
          <span className="label">
            <CardIcon size={16} stroke={2} aria-hidden /> {label}
          </span>
          <span className="value">
            {data === undefined
              ? '–'
              : states
                  .reduce((sum, state) => sum + (data.byState[state] ?? 0), 0)
                  .toLocaleString('en')}
          </span>
        </Link>
      ))}
    </div>
  );
}
