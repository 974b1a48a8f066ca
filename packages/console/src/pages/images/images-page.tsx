import { ActionIcon, Select, Tooltip } from '@mantine/core';
import { verdictState } from '@lazaret/protocol';
import {
  IconArrowUp,
  IconArrowsDiff,
  IconFilterOff,
  IconListSearch,
  IconPackages,
  IconSearch,
  IconZoomScan,
} from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { TypedFilter } from '../../parts/typed-filter.tsx';
import { verdictLooks } from '../../parts/verdict-badge.tsx';
import { useAllowed, useIdentity } from '../../session.ts';
import { InspectionsPanel } from '../inspection/inspections-panel.tsx';
import type { ImagesSearch } from './filters.ts';
import { imageColumns } from './image-columns.tsx';
import { useImageList } from './list-images.ts';

export function ImagesPage(): ReactNode {
  const search = useSearch({ from: '/shell/images' });
  const navigate = useNavigate();
  const mayInspect = useAllowed('images.inspect');
  const { query, items, newer, showNewer } = useImageList(search);
  return (
    <>
      <PageHeader
        title="Images"
        actions={
          <>
            <LinkButton
              to="/images/compare"
              variant="default"
              leftSection={<IconArrowsDiff size={16} />}
            >
              Compare
            </LinkButton>
            {mayInspect && <InspectLink />}
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
        {newer > 0 && items.length > 0 && (
          <button type="button" className="news mantine-focus-auto" onClick={showNewer}>
            <IconArrowUp size={16} aria-hidden /> {newer} newly inspected, show
          </button>
        )}
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

function InspectLink(): ReactNode {
  return (
    <LinkButton to="/images/inspect" leftSection={<IconZoomScan size={16} />}>
      Inspect an image
    </LinkButton>
  );
}

interface ImageFiltersProps {
  readonly search: ImagesSearch;
  readonly onChange: (search: ImagesSearch) => void;
}

/** The filters; each change is a new address. */
function ImageFilters({ search, onChange }: ImageFiltersProps): ReactNode {
  const { projects } = useIdentity();
  const change = (part: { [K in keyof ImagesSearch]?: string | undefined }): void => {
    const kept = Object.entries({ ...search, ...part }).filter(([, value]) => value);
    onChange(Object.fromEntries(kept));
  };
  const chips = [
    { value: '', word: 'All' },
    ...verdictState.options.map((value) => ({ value, word: verdictLooks[value].word })),
  ];
  return (
    <div className="stack tight">
      <div className="chips" role="group" aria-label="Verdict">
        {chips.map(({ value, word }) => (
          <button
            key={word}
            type="button"
            className="chip"
            aria-pressed={(search.verdict ?? '') === value}
            onClick={() => change({ verdict: value })}
          >
            {word}
          </button>
        ))}
      </div>
      <div className="filters">
        <TypedFilter
          label="Name or digest"
          icon={<IconSearch size={16} />}
          value={search.text ?? ''}
          onTyped={(typed) => change({ text: typed.trim().slice(0, 200) })}
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

function NoImages({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  if (isFiltered) {
    return (
      <EmptyState
        icon={IconListSearch}
        title="No image fits these filters"
        action={
          <LinkButton
            to="/images"
            search={{}}
            variant="default"
            leftSection={<IconFilterOff size={16} />}
          >
            Clear the filters
          </LinkButton>
        }
      >
        Loosen a filter, or look for a part of the name.
      </EmptyState>
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
