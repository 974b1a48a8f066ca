import { ActionIcon, Select, Tooltip } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconFilterOff, IconSearch, IconTag } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { TypedFilter } from '../../parts/typed-filter.tsx';
import { useIdentity } from '../../session.ts';
import { activeStates, type JobSearch, searchText } from './filters.ts';

const stateGroups = [
  { label: 'All', value: '' },
  { label: 'Active', value: activeStates.join(',') },
  { label: 'Succeeded', value: 'succeeded' },
  { label: 'Failed', value: 'failed' },
  { label: 'Timed out', value: 'timed_out' },
  { label: 'Cancelled', value: 'cancelled' },
] as const;

interface FilterBarProps {
  readonly search: JobSearch;
  readonly onChange: (search: JobSearch) => void;
}

/** The filters; each change is a new address. */
export function FilterBar({ search, onChange }: FilterBarProps): ReactNode {
  const { projects } = useIdentity();
  const engines = useOperation(operations.engines.list, { query: { limit: 200 } });
  const names = (engines.data?.items ?? []).map((engine) => engine.name);
  const change = (part: { [K in keyof JobSearch]?: string | undefined }): void => {
    const next = { ...search, ...part };
    const kept = Object.entries(next).filter(([, value]) => value !== undefined && value !== '');
    onChange(Object.fromEntries(kept));
  };
  return (
    <div className="stack tight">
      <div className="chips" role="group" aria-label="State">
        {stateGroups.map((group) => (
          <button
            key={group.label}
            type="button"
            className="chip"
            aria-pressed={(search.state ?? '') === group.value}
            onClick={() => change({ state: group.value })}
          >
            {group.label}
          </button>
        ))}
      </div>
      <div className="filters">
        <TypedFilter
          label="File name, tag or SHA-256"
          icon={<IconSearch size={16} />}
          value={search.text ?? search.sha256 ?? ''}
          onTyped={(typed) => change({ text: undefined, sha256: undefined, ...searchText(typed) })}
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
        <TypedFilter
          label="Tag"
          icon={<IconTag size={16} />}
          value={search.tag ?? ''}
          onTyped={(typed) => change({ tag: typed.trim() })}
        />
        {projects.length > 1 && (
          <Select
            aria-label="Project"
            placeholder="Any project"
            data={projects}
            value={search.project ?? null}
            onChange={(project) => change({ project: project ?? undefined })}
            clearable
          />
        )}
        {Object.keys(search).length > 0 && (
          <Tooltip label="Clear the filters">
            <ActionIcon
              variant="default"
              size={36}
              onClick={() => onChange({})}
              aria-label="Clear the filters"
            >
              <IconFilterOff size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    </div>
  );
}
