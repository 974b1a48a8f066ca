/** Filters above a list. They are stored in the URL. */
import { ActionIcon, Select, Tooltip } from '@mantine/core';
import { IconFilterOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useIdentity } from '../session.ts';

/** Filter that every list has. */
interface ProjectSearch {
  readonly project?: string;
}

/** Sets filters and removes empty ones. */
export type ChangeFilters<S> = (part: { [K in keyof S]?: string | undefined }) => void;

interface FilterBarProps<S> {
  readonly search: S;
  readonly onChange: (search: S) => void;
  /** Name of the chips for screen readers. */
  readonly label: string;
  readonly chips: readonly { readonly value: string; readonly label: string }[];
  /** The filter that the chips set. */
  readonly chipsOf: keyof S & string;
  /** Additional filters, before the project. */
  readonly children?: (change: ChangeFilters<S>) => ReactNode;
}

/** Chips, additional filters, the project if there are several, and a reset button. */
export function FilterBar<S extends ProjectSearch>(props: FilterBarProps<S>): ReactNode {
  const { search, onChange, label, chips, chipsOf, children } = props;
  const { projects } = useIdentity();
  const change = (part: Readonly<Record<string, string | undefined>>): void => {
    const remaining = Object.entries({ ...search, ...part }).filter(([, value]) => value);
    onChange(Object.fromEntries(remaining) as unknown as S);
  };
  const narrowers = children?.(change);
  const isFiltered = Object.keys(search).length > 0;
  return (
    <div className="stack tight">
      <div className="chips" role="group" aria-label={label}>
        {chips.map(({ value, label }) => (
          <button
            key={label}
            type="button"
            className="chip"
            aria-pressed={(search[chipsOf] ?? '') === value}
            onClick={() => change({ [chipsOf]: value })}
          >
            {label}
          </button>
        ))}
      </div>
      {(narrowers !== undefined || projects.length > 1 || isFiltered) && (
        <div className="filters">
          {narrowers}
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
          {isFiltered && <ClearFilters onClear={() => onChange({} as S)} />}
        </div>
      )}
    </div>
  );
}

function ClearFilters({ onClear }: { readonly onClear: () => void }): ReactNode {
  return (
    <Tooltip label="Clear filters">
      <ActionIcon variant="default" size={36} onClick={onClear} aria-label="Clear filters">
        <IconFilterOff size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
