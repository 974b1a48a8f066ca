import { IconPackages, IconZoomScan } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';
import { InspectLink } from '../inspection/inspect-link.tsx';
import { activeStates } from './filters.ts';
import { inspectionColumns } from './inspection-columns.tsx';
import { useInspectionList } from './use-inspection-list.ts';

const stateChips = [
  { label: 'All', value: '' },
  { label: 'Active', value: activeStates.join(',') },
  { label: 'Finished', value: 'finished' },
  { label: 'Failed', value: 'failed' },
  { label: 'Cancelled', value: 'cancelled' },
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
        Requested image inspections, newest first.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/inspections', search: next, replace: true })}
          label="State"
          chips={stateChips}
          chipsOf="state"
        />
        <NewItemsButton count={newer} item="new inspection" onShow={showNewer} />
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
        <LoadMoreButton query={query}>Load older inspections</LoadMoreButton>
      </div>
    </>
  );
}

function NoInspections({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (isFiltered) {
    return (
      <NoMatch title="No matching inspections" to="/inspections">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconZoomScan}
      title="No inspections yet"
      action={mayInspect ? <InspectLink /> : undefined}
    >
      Inspect an image from a registry. On the command line: <code>lazaret images inspect</code>.
    </EmptyState>
  );
}
