import type { Arrival, ArrivalSource, ArrivalState } from '@lazaret/protocol';
import { IconCircleCheck, IconCircleX, IconHourglass, IconLoader2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { Copyable } from '../../components/copy.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { EffectView } from '../decisions/effect.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';

const statuses: Readonly<Record<ArrivalState, Status>> = {
  waiting: { label: 'Waiting', tone: 'queued', icon: IconHourglass },
  inspecting: { label: 'Inspecting', tone: 'running', icon: IconLoader2 },
  inspected: { label: 'Inspected', tone: 'succeeded', icon: IconCircleCheck },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
};

export const arrivalSourceLabels: Readonly<Record<ArrivalSource, string>> = {
  gate: 'pull',
  webhook: 'notification',
  poll: 'poll',
  backlog: 'backlog',
  manual: 'reported',
};

export function ArrivalStateBadge({ state }: { readonly state: ArrivalState }): ReactNode {
  return <StatusBadge status={statuses[state]} state={state} />;
}

const digestChars = 19;

export const arrivalColumns: readonly Column<Arrival>[] = [
  { label: 'Image', cell: (arrival) => <Name arrival={arrival} /> },
  {
    label: 'Digest',
    cell: ({ digest }) => <Copyable value={digest} label="the digest" chars={digestChars} />,
  },
  {
    label: 'Source',
    cell: ({ source, actor }) => (
      <div>
        {arrivalSourceLabels[source]}
        {actor !== null && (
          <div className="dim small break">
            by <PlainText>{actor}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'State',
    cell: ({ state, problem }) => (
      <div>
        <ArrivalStateBadge state={state} />
        {problem !== null && (
          <div className="dim small state-detail">
            <PlainText>{problem.detail}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Verdict',
    cell: ({ verdict, inForce }) =>
      verdict === null ? null : (
        <div>
          <VerdictBadge state={verdict} />
          {inForce !== null && inForce.action !== 'none' && (
            <div className="small">
              <EffectView {...inForce} />
            </div>
          )}
        </div>
      ),
  },
  { label: 'Arrived', end: true, cell: ({ recordedAt }) => <Timestamp at={recordedAt} /> },
];

/** Links to the image once it was inspected. An index has no page of its own, its images do. */
function Name({ arrival }: { readonly arrival: Arrival }): ReactNode {
  const search = useProjectSearch(arrival.project);
  const { repository, tag, registry, inspections } = arrival;
  const name = imageNameOf(repository, tag);
  const [inspection] = inspections;
  return (
    <div className="cell-name">
      {inspection === undefined ? (
        <strong className="break">
          <ImageName>{name}</ImageName>
        </strong>
      ) : (
        <LinkAnchor
          to="/inspections/$id"
          params={{ id: inspection }}
          search={search}
          className="row-link"
        >
          <ImageName>{name}</ImageName>
        </LinkAnchor>
      )}
      <div className="small dim">{registry}</div>
    </div>
  );
}
