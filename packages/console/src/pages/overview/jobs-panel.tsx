import { finalStates, type Job, type JobState, operations } from '@lazaret/protocol';
import { type Icon, IconAnchor, IconHistory, IconHourglassEmpty } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { outcomeText, StateBadge } from '../../components/state-badge.tsx';
import { Duration } from '../../components/duration.tsx';
import { Timestamp } from '../../components/timestamp.tsx';

interface Kind {
  readonly title: string;
  readonly states: readonly JobState[];
  readonly shown: number;
  readonly icon: Icon;
  readonly none: string;
}

const kinds = {
  running: {
    title: 'Running',
    states: ['placed', 'starting', 'running', 'collecting'],
    shown: 6,
    icon: IconAnchor,
    none: 'No running jobs',
  },
  queued: {
    title: 'Queue',
    states: ['queued'],
    shown: 5,
    icon: IconHourglassEmpty,
    none: 'Queue is empty',
  },
  recent: {
    title: 'Recently finished',
    states: [...finalStates],
    shown: 9,
    icon: IconHistory,
    none: 'No finished jobs yet',
  },
} as const satisfies Record<string, Kind>;

/** The newest jobs in a group of states. */
export function JobsPanel({ kind }: { readonly kind: keyof typeof kinds }): ReactNode {
  const { title, states, shown, icon, none }: Kind = kinds[kind];
  const query = useOperation(
    operations.jobs.list,
    { query: { state: [...states], limit: shown } },
    { refetchMs: 10_000 },
  );
  return (
    <Panel
      title={title}
      flush
      actions={
        <LinkAnchor to="/jobs" search={{ state: states.join(',') }} size="sm">
          All<span className="visually-hidden">: {title}</span>
        </LinkAnchor>
      }
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={icon}
              title={none}
              small
              {...(kind === 'recent'
                ? { action: <LinkButton to="/submit">Submit a file</LinkButton> }
                : {})}
            />
          ) : (
            <ul className="job-rows">
              {items.map((job) => (
                <JobRow key={job.id} job={job} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function JobRow({ job }: { readonly job: Job }): ReactNode {
  const detail = job.state === 'queued' ? job.waitReason : outcomeText(job.outcome);
  return (
    <li className="job-row">
      <StateBadge state={job.state} />
      <div className="grow">
        <Link to="/jobs/$id" params={{ id: job.id }} className="job-row-name">
          {job.inputs[0] === undefined ? job.id : <PlainText>{job.inputs[0].name}</PlainText>}
        </Link>
        <div className="dim small break">
          {job.engine}
          {detail !== null && (
            <>
              {' · '}
              <PlainText>{detail}</PlainText>
            </>
          )}
        </div>
      </div>
      <div className="job-row-time small dim">
        {job.finishedAt === null ? <Duration span={job} /> : <Timestamp at={job.finishedAt} />}
      </div>
    </li>
  );
}
