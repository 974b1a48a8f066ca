import { Select } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconSearch, IconTag, IconUser } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { FilterBar } from '../../components/filter-bar.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { activeStates, filterOf, type JobSearch, orderOf, searchText } from './filters.ts';

const stateGroups = [
  { label: 'All', value: '' },
  { label: 'Active', value: activeStates.join(',') },
  { label: 'Succeeded', value: 'succeeded' },
  { label: 'Failed', value: 'failed' },
  { label: 'Timed out', value: 'timed_out' },
  { label: 'Cancelled', value: 'cancelled' },
] as const;

interface JobFiltersProps {
  readonly search: JobSearch;
  readonly onChange: (search: JobSearch) => void;
}

export function JobFilters({ search, onChange }: JobFiltersProps): ReactNode {
  const engines = useOperation(operations.engines.list, { query: { limit: 200 } });
  const names = (engines.data?.items ?? []).map((engine) => engine.name);
  return (
    <FilterBar
      search={filterOf(search)}
      // The order is not a filter: clearing the filters keeps it.
      onChange={(filter) => onChange({ ...orderOf(search), ...filter })}
      label="State"
      chips={stateGroups}
      chipsOf="state"
    >
      {(change) => (
        <>
          <TextFilter
            label="File name, tag or SHA-256"
            icon={<IconSearch size={16} />}
            value={search.text ?? search.sha256 ?? ''}
            onTyped={(typed) =>
              change({ text: undefined, sha256: undefined, ...searchText(typed) })
            }
          />
          <Select
            aria-label="Engine"
            placeholder="Any engine"
            data={names}
            value={search.engine ?? null}
            onChange={(engine) => change({ engine: engine ?? undefined })}
            clearable
            searchable
          />
          <TextFilter
            label="Tag"
            icon={<IconTag size={16} />}
            value={search.tag ?? ''}
            onTyped={(typed) => change({ tag: typed.trim() })}
          />
          <TextFilter
            label="Submitted by"
            icon={<IconUser size={16} />}
            value={search.submittedBy ?? ''}
            onTyped={(typed) => change({ submittedBy: typed.trim() })}
          />
        </>
      )}
    </FilterBar>
  );
}
