import { type Inspection, operations } from '@lazaret/protocol';
import { IconZoomScan } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { When } from '../../parts/when.tsx';
import { statesAtWork } from '../inspections/filters.ts';
import { InspectionBadge, progressWords } from './inspection-state.tsx';

const shown = 8;
const everyMs = 2_000;

/** The latest inspections; with `atWork` those that are not over, or nothing at all. */
export function InspectionsPanel({ atWork }: { readonly atWork?: boolean }): ReactNode {
  const query = useOperation(
    operations.inspections.list,
    { query: { limit: shown, ...(atWork === true ? { state: [...statesAtWork] } : {}) } },
    { everyMs },
  );
  if (atWork === true && (query.data?.items.length ?? 0) === 0) return null;
  return (
    <Panel
      title={atWork === true ? 'At work' : 'Latest inspections'}
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
            <EmptyState icon={IconZoomScan} title="No inspection yet" small />
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
  const { id, state, reference, platform, problem } = inspection;
  return (
    <li className="job-row">
      <InspectionBadge state={state} />
      <div className="grow">
        <Link to="/inspections/$id" params={{ id }} className="job-row-name">
          <PlainText>{reference}</PlainText>
        </Link>
        <div className="dim small break">
          {platform !== 'default' && `${platform} · `}
          <PlainText>{problem === null ? progressWords(inspection) : problem.detail}</PlainText>
        </div>
      </div>
      <div className="job-row-time small dim">
        <When at={inspection.finishedAt ?? inspection.createdAt} />
      </div>
    </li>
  );
}
