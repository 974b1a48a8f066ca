import { verdictState } from '@lazaret/protocol';
import { IconArrowsDiff, IconListDetails, IconPackages, IconSearch } from '@tabler/icons-react';
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
import { TypedFilter } from '../../parts/typed-filter.tsx';
import { verdictLooks } from '../../parts/verdict-badge.tsx';
import { useAllowed } from '../../session.ts';
import { InspectLink } from '../inspection/inspect-link.tsx';
import { InspectionsPanel } from '../inspection/inspections-panel.tsx';
import type { ImagesSearch } from './filters.ts';
import { imageColumns } from './image-columns.tsx';
import { useImageList } from './list-images.ts';

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
        Container images that were looked into, the latest first. Nothing of them ran.
      </PageHeader>
      <div className="stack">
        <InspectionsPanel atWork />
        <ImageFilters
          search={search}
          onChange={(next) => void navigate({ to: '/images', search: next, replace: true })}
        />
        <NewsButton count={newer} words="newly inspected" onShow={showNewer} />
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
        <MoreButton query={query}>Show older images</MoreButton>
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
        <TypedFilter
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
  { value: '', word: 'All' },
  ...verdictState.options.map((value) => ({ value, word: verdictLooks[value].word })),
];

function NoImages({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (isFiltered) {
    return (
      <NoMatch title="No image fits these filters" to="/images">
        Loosen a filter, or look for a part of the name.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconPackages}
      title="No images yet"
      action={mayInspect ? <InspectLink /> : undefined}
    >
      Name an image of a registry, and see what it holds. The same goes with{' '}
      <code>lazaret images inspect</code>.
    </EmptyState>
  );
}
