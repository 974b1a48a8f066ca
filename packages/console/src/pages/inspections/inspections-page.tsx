import { IconPackages, IconZoomScan } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterBar } from '../../parts/filter-bar.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { NewsButton } from '../../parts/news-button.tsx';
import { NoMatch } from '../../parts/no-match.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { useAllowed } from '../../session.ts';
import { InspectLink } from '../inspection/inspect-link.tsx';
import { statesAtWork } from './filters.ts';
import { inspectionColumns } from './inspection-columns.tsx';
import { useInspectionList } from './list-inspections.ts';

const stateChips = [
  { word: 'All', value: '' },
  { word: 'At work', value: statesAtWork.join(',') },
  { word: 'Finished', value: 'finished' },
  { word: 'Failed', value: 'failed' },
  { word: 'Cancelled', value: 'cancelled' },
] as const;

export function InspectionsPage(): ReactNode {
  const search = useSearch({ from: '/shell/inspections' });
  const navigate = useNavigate();
  const { query, items, newer, showNewer } = useInspectionList(search);
  return (
    <>
      <PageHeader
        title="Inspections"
        actions={
          <>
            <LinkButton to="/images" variant="default" leftSection={<IconPackages size={16} />}>
              Images
            </LinkButton>
            <InspectLink />
          </>
        }
      >
        Every request to look into an image, newest first. The list stays still while you read.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/inspections', search: next, replace: true })}
          label="State"
          chips={stateChips}
          chipsOf="state"
        />
        <NewsButton count={newer} words="new" onShow={showNewer} />
        <section className="panel" aria-label="Inspections">
          <QueryView query={query} rows={8}>
            {() =>
              items.length === 0 ? (
                <NoInspections isFiltered={Object.keys(search).length > 0} />
              ) : (
                <DataTable
                  label="Inspections"
                  columns={inspectionColumns}
                  rows={items}
                  rowKey={({ id }) => id}
                />
              )
            }
          </QueryView>
        </section>
        <MoreButton query={query}>Show older inspections</MoreButton>
      </div>
    </>
  );
}

function NoInspections({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (isFiltered) {
    return (
      <NoMatch title="No inspection fits these filters" to="/inspections">
        Loosen a filter: what was at work may have ended by now.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconZoomScan}
      title="No inspections yet"
      action={mayInspect ? <InspectLink /> : undefined}
    >
      Name an image of a registry, and watch how it is read. The same goes with{' '}
      <code>lazaret images inspect</code>.
    </EmptyState>
  );
}
