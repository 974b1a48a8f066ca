import type { Job } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import type { Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { outcomeWords, StateBadge } from '../../parts/state-badge.tsx';
import { Took } from '../../parts/took.tsx';
import { When } from '../../parts/when.tsx';
import { visibleText } from '../../text/visible.ts';

/** What a job is called: its first input, or its id. */
export function jobTitle(job: Job): string {
  const [first] = job.inputs;
  return first === undefined ? `Job ${job.id}` : visibleText(first.name);
}

export const jobColumns: Record<
  'name' | 'state' | 'engine' | 'tags' | 'ran' | 'age',
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
    cell: (job) => (
      <div>
        <StateBadge state={job.state} />
        <StateWords job={job} />
      </div>
    ),
  },
  engine: {
    label: 'Engine',
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
            <span key={tag} className="tag" title={visibleText(tag)}>
              <PlainText>{tag}</PlainText>
            </span>
          ))}
          {job.tags.length > 3 && <span className="dim small">+{job.tags.length - 3}</span>}
        </span>
      ),
  },
  ran: { label: 'Took', end: true, cell: (job) => <Took span={job} /> },
  age: { label: 'Submitted', end: true, cell: (job) => <When at={job.createdAt} /> },
};

/** Why it waits, or how it ended, in words under the state. */
function StateWords({ job }: { readonly job: Job }): ReactNode {
  const words = job.state === 'queued' ? job.waitReason : outcomeWords(job.outcome);
  if (words === null) return null;
  return (
    <div className="dim small state-words">
      <PlainText>{words}</PlainText>
    </div>
  );
}
