import { verdictState } from '@lazaret/protocol';
import { IconArrowsDiff, IconListDetails, IconPackages, IconSearch } from '@tabler/icons-react';
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
import { TextFilter } from '../../components/text-filter.tsx';
import { verdictStatuses } from '../../components/verdict-badge.tsx';
import { useAllowed } from '../../session.ts';
import { InspectLink } from '../inspection/inspect-link.tsx';
import { InspectionsPanel } from '../inspection/inspections-panel.tsx';
import type { ImagesSearch } from './filters.ts';
import { imageColumns } from './image-columns.tsx';
import { useImageList } from './use-image-list.ts';

export function ImagesPage(): ReactNode {
  const search = useSearch({ from: '/shell/images' });
  const navigate = useNavigate();
  const { query, items, newer, showNewer } = useImageList(search);
  return (
    <>
      <PageHeader
        title="Images"
        actions={
          <>
            <LinkButton
              to="/inspections"
              variant="default"
              leftSection={<IconListDetails size={16} />}
            >
              Inspections
            </LinkButton>
            <LinkButton
              to="/images/compare"
              variant="default"
              leftSection={<IconArrowsDiff size={16} />}
            >
              Compare
            </LinkButton>
            <InspectLink />
          </>
        }
      >
        Inspected container images, newest first. Images are never run.
      </PageHeader>
      <div className="stack">
        <InspectionsPanel activeOnly />
        <ImageFilters
          search={search}
          onChange={(next) => void navigate({ to: '/images', search: next, replace: true })}
        />
        <NewItemsButton count={newer} item="newly inspected image" onShow={showNewer} />
        <section className="panel" aria-label="Images">
          <QueryView query={query} rows={8}>
            {() =>
              items.length === 0 ? (
                <NoImages isFiltered={Object.keys(search).length > 0} />
              ) : (
                <DataTable
                  label="Images"
                  columns={imageColumns}
                  rows={items}
                  rowKey={({ project, digest }) => `${project} ${digest}`}
                />
              )
            }
          </QueryView>
        </section>
        <LoadMoreButton query={query}>Load older images</LoadMoreButton>
      </div>
    </>
  );
}

interface ImageFiltersProps {
  readonly search: ImagesSearch;
  readonly onChange: (search: ImagesSearch) => void;
}

function ImageFilters({ search, onChange }: ImageFiltersProps): ReactNode {
  return (
    <FilterBar
      search={search}
      onChange={onChange}
      label="Verdict"
      chips={verdictChips}
      chipsOf="verdict"
    >
      {(change) => (
        <TextFilter
          label="Name or digest"
          icon={<IconSearch size={16} />}
          value={search.text ?? ''}
          onTyped={(typed) => change({ text: typed.trim().slice(0, 200) })}
        />
      )}
    </FilterBar>
  );
}

const verdictChips = [
  { value: '', label: 'All' },
  ...verdictState.options.map((value) => ({ value, label: verdictStatuses[value].label })),
];

function NoImages({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (isFiltered) {
    return (
      <NoMatch title="No matching images" to="/images">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconPackages}
      title="No images yet"
      action={mayInspect ? <InspectLink /> : undefined}
    >
      Inspect an image from a registry to list and scan its contents. On the command line:{' '}
      <code>lazaret images inspect</code>.
    </EmptyState>
  );
}
