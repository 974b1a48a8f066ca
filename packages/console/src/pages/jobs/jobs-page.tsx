import type { Job } from '@lazaret/protocol';
import { Select } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';
import { BulkBar } from './bulk-bar.tsx';
import { filterOf, type JobSearch, sortBy } from './filters.ts';
import { jobColumns } from './job-columns.tsx';
import { JobFilters } from './job-filters.tsx';
import { useJobList } from './use-job-list.ts';

const columns = [
  jobColumns.name,
  jobColumns.state,
  jobColumns.engine,
  jobColumns.tags,
  jobColumns.submitter,
  jobColumns.duration,
  jobColumns.submitted,
];

export function JobsPage(): ReactNode {
  const search = useSearch({ from: '/shell/jobs' });
  const navigate = useNavigate();
  const change = (next: JobSearch): void =>
    void navigate({ to: '/jobs', search: next, replace: true });
  return (
    <>
      <PageHeader
        title="Jobs"
        actions={
          <LinkButton to="/submit" leftSection={<IconUpload size={16} />}>
            Submit
          </LinkButton>
        }
      >
        Engine runs, newest first unless sorted otherwise.
      </PageHeader>
      <div className="stack">
        <JobFilters search={search} onChange={change} />
        <SortSelect search={search} onChange={change} />
        {/* Another filter or order clears the selection. */}
        <JobList key={JSON.stringify(search)} search={search} onChange={change} />
      </div>
    </>
  );
}

interface JobListProps {
  readonly search: JobSearch;
  readonly onChange: (search: JobSearch) => void;
}

function JobList({ search, onChange }: JobListProps): ReactNode {
  const { query, jobs, newer, showNewer } = useJobList(search);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const mayControl = useAllowed('jobs.control');
  const maySubmit = useAllowed('jobs.submit');
  const filter = filterOf(search);
  const isFiltered = Object.keys(filter).length > 0;
  const selection = {
    selected,
    item: 'job',
    onToggle: (id: string) => setSelected(toggled(selected, id)),
    onToggleAll: () => setSelected(selected.size < jobs.length ? allOf(jobs) : new Set()),
  };
  return (
    <>
      <NewItemsButton count={newer} item="new job" onShow={showNewer} />
      <section className="panel" aria-label="Jobs">
        <QueryView query={query} rows={8}>
          {() =>
            jobs.length === 0 ? (
              <NoJobs isFiltered={isFiltered} />
            ) : (
              <DataTable
                label="Jobs"
                columns={columns}
                rows={jobs}
                rowKey={(job) => job.id}
                sort={{
                  by: search.sort ?? 'createdAt',
                  order: search.order ?? 'desc',
                  onSort: (by) => onChange(sortBy(search, by)),
                }}
                {...(mayControl || maySubmit ? { selection } : {})}
              />
            )
          }
        </QueryView>
      </section>
      <LoadMoreButton query={query}>Load more jobs</LoadMoreButton>
      <BulkBar
        filter={filter}
        selected={selected}
        isAllLoaded={!query.hasNextPage}
        loaded={jobs}
        onDone={() => {
          setSelected(new Set());
          showNewer();
        }}
        onClear={() => setSelected(new Set())}
      />
    </>
  );
}

function toggled(selected: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  return next;
}

function allOf(jobs: readonly Job[]): ReadonlySet<string> {
  return new Set(jobs.map(({ id }) => id));
}

const sortLabels = [
  { value: 'createdAt desc', label: 'Newest first' },
  { value: 'createdAt asc', label: 'Oldest first' },
  { value: 'finishedAt desc', label: 'Finished last first' },
  { value: 'duration desc', label: 'Longest first' },
  { value: 'duration asc', label: 'Shortest first' },
  { value: 'priority desc', label: 'Highest priority first' },
  { value: 'engine asc', label: 'By engine' },
  { value: 'engine desc', label: 'By engine, descending' },
  { value: 'state asc', label: 'By state' },
  { value: 'state desc', label: 'By state, descending' },
  { value: 'submittedBy asc', label: 'By submitter' },
  { value: 'submittedBy desc', label: 'By submitter, descending' },
] as const;

/** The order of the list, also without a table header to click. */
function SortSelect({ search, onChange }: JobListProps): ReactNode {
  return (
    <Select
      aria-label="Sort"
      className="sort-select"
      size="xs"
      data={sortLabels}
      value={`${search.sort ?? 'createdAt'} ${search.order ?? 'desc'}`}
      allowDeselect={false}
      onChange={(value) => {
        const [sort, order] = (value ?? '').split(' ');
        const { sort: _sort, order: _order, ...rest } = search;
        const isDefault = sort === 'createdAt' && order === 'desc';
        onChange(isDefault ? rest : ({ ...rest, sort, order } as JobSearch));
      }}
    />
  );
}

function NoJobs({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching jobs" to="/jobs">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconUpload}
      title="No jobs yet"
      action={<LinkButton to="/submit">Submit a file</LinkButton>}
    >
      Upload a file and choose an engine. On the command line: <code>lazaret submit</code>.
    </EmptyState>
  );
}
