import { type Job, escapeInvisible } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import type { Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { outcomeText, StateBadge } from '../../components/state-badge.tsx';
import { Duration } from '../../components/duration.tsx';
import { Timestamp } from '../../components/timestamp.tsx';

/** Title of a job: its first input, or its ID. */
export function jobTitle(job: Job): string {
  const [first] = job.inputs;
  return first === undefined ? `Job ${job.id}` : escapeInvisible(first.name);
}

export const jobColumns: Record<
  'name' | 'state' | 'engine' | 'tags' | 'submitter' | 'duration' | 'submitted',
  Column<Job>
> = {
  name: {
    label: 'Input',
    cell: (job) => (
      <div className="cell-name">
        <LinkAnchor
          to="/jobs/$id"
          params={{ id: job.id }}
          className="row-link"
          title={jobTitle(job)}
        >
          {job.inputs[0] === undefined ? 'no input' : <PlainText>{job.inputs[0].name}</PlainText>}
        </LinkAnchor>
        {job.inputs.length > 1 && <span className="dim"> and {job.inputs.length - 1} more</span>}
        <div className="mono small dim">{job.id}</div>
      </div>
    ),
  },
  state: {
    label: 'State',
    sort: 'state',
    cell: (job) => (
      <div>
        <StateBadge state={job.state} />
        <StateText job={job} />
      </div>
    ),
  },
  engine: {
    label: 'Engine',
    sort: 'engine',
    cell: (job) => (
      <span className="nowrap">
        {job.engine} <span className="dim small">r{job.engineRevision}</span>
      </span>
    ),
  },
  tags: {
    label: 'Tags',
    cell: (job) =>
      job.tags.length === 0 ? null : (
        <span className="row tight">
          {job.tags.slice(0, 3).map((tag) => (
            <span key={tag} className="tag" title={escapeInvisible(tag)}>
              <PlainText>{tag}</PlainText>
            </span>
          ))}
          {job.tags.length > 3 && <span className="dim small">+{job.tags.length - 3}</span>}
        </span>
      ),
  },
  submitter: {
    label: 'Submitted by',
    sort: 'submittedBy',
    cell: (job) => (
      <LinkAnchor to="/jobs" search={{ submittedBy: job.submittedBy }} className="nowrap">
        <PlainText>{job.submittedBy}</PlainText>
      </LinkAnchor>
    ),
  },
  duration: {
    label: 'Run time',
    end: true,
    sort: 'duration',
    cell: (job) => <Duration span={job} />,
  },
  submitted: {
    label: 'Submitted',
    end: true,
    sort: 'createdAt',
    cell: (job) => <Timestamp at={job.createdAt} />,
  },
};

/** Wait reason or outcome, below the state. */
function StateText({ job }: { readonly job: Job }): ReactNode {
  const detail = job.state === 'queued' ? job.waitReason : outcomeText(job.outcome);
  if (detail === null) return null;
  return (
    <div className="dim small state-detail">
      <PlainText>{detail}</PlainText>
    </div>
  );
}
