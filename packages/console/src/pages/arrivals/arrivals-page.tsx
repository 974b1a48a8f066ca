import { Select } from '@mantine/core';
import { operations, verdictState } from '@lazaret/protocol';
import { IconBox, IconBuildingWarehouse, IconPackageImport, IconTag } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar, type ChangeFilters } from '../../components/filter-bar.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { verdictStatuses } from '../../components/verdict-badge.tsx';
import { useOperation } from '../../data.ts';
import { arrivalColumns } from './arrival-columns.tsx';
import { activeStates, type ArrivalsSearch } from './filters.ts';
import { useArrivalList } from './use-arrival-list.ts';

const stateChips = [
  { label: 'All', value: '' },
  { label: 'Active', value: activeStates.join(',') },
  { label: 'Inspected', value: 'inspected' },
  { label: 'Failed', value: 'failed' },
] as const;

/** What arrived in watched registries, with its verdict. */
export function ArrivalsPage(): ReactNode {
  const search = useSearch({ from: '/shell/arrivals' });
  const navigate = useNavigate();
  const { query, items, newer, showNewer } = useArrivalList(search);
  return (
    <>
      <PageHeader
        title="Arrivals"
        actions={
          <LinkButton
            to="/registries"
            variant="default"
            leftSection={<IconBuildingWarehouse size={16} />}
          >
            Registries
          </LinkButton>
        }
      >
        Images that reached watched registries, latest first.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/arrivals', search: next, replace: true })}
          label="State"
          chips={stateChips}
          chipsOf="state"
        >
          {(change) => <MoreFilters search={search} change={change} />}
        </FilterBar>
        <NewItemsButton count={newer} item="new arrival" onShow={showNewer} />
        <section className="panel" aria-label="Arrivals">
          <QueryView query={query} rows={8}>
            {() =>
              items.length === 0 ? (
                <NoArrivals isFiltered={Object.keys(search).length > 0} />
              ) : (
                <DataTable
                  label="Arrivals"
                  columns={arrivalColumns}
                  rows={items}
                  rowKey={({ id }) => id}
                />
              )
            }
          </QueryView>
        </section>
        <LoadMoreButton query={query}>Load older arrivals</LoadMoreButton>
      </div>
    </>
  );
}

interface MoreFiltersProps {
  readonly search: ArrivalsSearch;
  readonly change: ChangeFilters<ArrivalsSearch>;
}

function MoreFilters({ search, change }: MoreFiltersProps): ReactNode {
  const { data } = useOperation(operations.registries.list, { query: { limit: 200 } });
  const names = [...new Set(data?.items.map(({ name }) => name))];
  return (
    <>
      <TextFilter
        label="Repository"
        icon={<IconBox size={16} />}
        value={search.repository ?? ''}
        onTyped={(repository) => change({ repository: repository.trim() })}
      />
      <TextFilter
        label="Tag"
        icon={<IconTag size={16} />}
        value={search.tag ?? ''}
        onTyped={(tag) => change({ tag: tag.trim() })}
      />
      <Select
        aria-label="Registry"
        placeholder="Any registry"
        data={names}
        value={search.registry ?? null}
        onChange={(registry) => change({ registry: registry ?? undefined })}
        clearable
      />
      <Select
        aria-label="Verdict"
        placeholder="Any verdict"
        data={verdictState.options.map((value) => ({
          value,
          label: verdictStatuses[value].label,
        }))}
        value={search.verdict ?? null}
        onChange={(verdict) => change({ verdict: verdict ?? undefined })}
        clearable
      />
    </>
  );
}

function NoArrivals({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching arrivals" to="/arrivals">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconPackageImport}
      title="No arrivals yet"
      action={<LinkButton to="/registries">Registries</LinkButton>}
    >
      What is pushed to a watched registry appears here.
    </EmptyState>
  );
}
