import { finalStates, type Job, type JobState, operations } from '@lazaret/protocol';
import { type Icon, IconAnchor, IconHistory, IconHourglassEmpty } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../parts/router-link.tsx';
import { outcomeWords, StateBadge } from '../../parts/state-badge.tsx';
import { Took } from '../../parts/took.tsx';
import { When } from '../../parts/when.tsx';

interface Kind {
  readonly title: string;
  readonly states: readonly JobState[];
  readonly shown: number;
  readonly icon: Icon;
  readonly none: string;
}

const kinds = {
  running: {
    title: 'At work',
    states: ['placed', 'starting', 'running', 'collecting'],
    shown: 6,
    icon: IconAnchor,
    none: 'Nothing runs now',
  },
  queued: {
    title: 'Waiting',
    states: ['queued'],
    shown: 5,
    icon: IconHourglassEmpty,
    none: 'Nothing waits',
  },
  recent: {
    title: 'Recent outcomes',
    states: [...finalStates],
    shown: 9,
    icon: IconHistory,
    none: 'No job has ended yet',
  },
} as const satisfies Record<string, Kind>;

/** The newest jobs of some states. */
export function JobsPanel({ kind }: { readonly kind: keyof typeof kinds }): ReactNode {
  const { title, states, shown, icon, none }: Kind = kinds[kind];
  const query = useOperation(
    operations.jobs.list,
    { query: { state: [...states], limit: shown } },
    { everyMs: 10_000 },
  );
  return (
    <Panel
      title={title}
      flush
      actions={
        <LinkAnchor to="/jobs" search={{ state: states.join(',') }} size="sm">
          All<span className="visually-hidden"> of {title}</span>
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
  const words = job.state === 'queued' ? job.waitReason : outcomeWords(job.outcome);
  return (
    <li className="job-row">
      <StateBadge state={job.state} />
      <div className="grow">
        <Link to="/jobs/$id" params={{ id: job.id }} className="job-row-name">
          {job.inputs[0] === undefined ? job.id : <PlainText>{job.inputs[0].name}</PlainText>}
        </Link>
        <div className="dim small break">
          {job.engine}
          {words !== null && (
            <>
              {' · '}
              <PlainText>{words}</PlainText>
            </>
          )}
        </div>
      </div>
      <div className="job-row-time small dim">
        {job.finishedAt === null ? <Took span={job} /> : <When at={job.finishedAt} />}
      </div>
    </li>
  );
}
