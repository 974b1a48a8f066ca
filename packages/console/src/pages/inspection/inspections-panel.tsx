import type { Inspection } from '@lazaret/protocol';
import { IconZoomScan } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { inspectionTitle } from './inspection-title.ts';
import { InspectionBadge, platformText, progressText } from './inspection-status.tsx';
import { useRecentInspections } from './use-recent-inspections.ts';

/** Recent inspections; with `activeOnly` only unfinished ones, hidden if there are none. */
export function InspectionsPanel({ activeOnly }: { readonly activeOnly?: boolean }): ReactNode {
  const query = useRecentInspections(activeOnly === true);
  if (activeOnly === true && (query.data?.items.length ?? 0) === 0) return null;
  return (
    <Panel
      title={activeOnly === true ? 'Active inspections' : 'Recent inspections'}
      flush
      actions={
        <LinkAnchor to="/inspections" size="sm">
          All<span className="visually-hidden"> inspections</span>
        </LinkAnchor>
      }
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={IconZoomScan} title="No inspections yet" small />
          ) : (
            <ul className="job-rows">
              {items.map((inspection) => (
                <InspectionRow key={inspection.id} inspection={inspection} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function InspectionRow({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { id, state, problem } = inspection;
  const platform = platformText(inspection);
  return (
    <li className="job-row">
      <InspectionBadge state={state} />
      <div className="grow">
        <Link to="/inspections/$id" params={{ id }} className="job-row-name">
          <ImageName>{inspectionTitle(inspection)}</ImageName>
        </Link>
        <div className="dim small break">
          {platform !== undefined && `${platform}, `}
          <PlainText>{problem === null ? progressText(inspection) : problem.detail}</PlainText>
        </div>
      </div>
      <div className="job-row-time small dim">
        <Timestamp at={inspection.finishedAt ?? inspection.createdAt} />
      </div>
    </li>
  );
}
