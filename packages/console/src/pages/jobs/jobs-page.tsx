import { Button } from '@mantine/core';
import { IconArrowUp, IconFilterOff, IconListSearch, IconUpload } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { FilterBar } from './filter-bar.tsx';
import { jobColumns } from './job-columns.tsx';
import { useJobList } from './list-jobs.ts';

const columns = [
  jobColumns.name,
  jobColumns.state,
  jobColumns.engine,
  jobColumns.tags,
  jobColumns.ran,
  jobColumns.age,
];

export function JobsPage(): ReactNode {
  const search = useSearch({ from: '/shell/jobs' });
  const navigate = useNavigate();
  const { query, jobs, newer, showNewer } = useJobList(search);
  const isFiltered = Object.keys(search).length > 0;
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
        Every engine run, newest first. The list stays still while you read.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/jobs', search: next, replace: true })}
        />
        {newer > 0 && (
          <button type="button" className="news mantine-focus-auto" onClick={showNewer}>
            <IconArrowUp size={16} aria-hidden /> {newer} new, show
          </button>
        )}
        <section className="panel" aria-label="Jobs">
          <QueryView query={query} rows={8}>
            {() =>
              jobs.length === 0 ? (
                <NoJobs isFiltered={isFiltered} />
              ) : (
                <DataTable label="Jobs" columns={columns} rows={jobs} rowKey={(job) => job.id} />
              )
            }
          </QueryView>
        </section>
        {query.hasNextPage && (
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older jobs
          </Button>
        )}
      </div>
    </>
  );
}

function NoJobs({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <EmptyState
        icon={IconListSearch}
        title="No job fits these filters"
        action={
          <LinkButton
            to="/jobs"
            search={{}}
            variant="default"
            leftSection={<IconFilterOff size={16} />}
          >
            Clear the filters
          </LinkButton>
        }
      >
        Loosen a filter, or look for a part of the file name.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={IconUpload}
      title="No jobs yet"
      action={<LinkButton to="/submit">Submit the first file</LinkButton>}
    >
      Drop a file, choose an engine, and watch it at work. The same goes with{' '}
      <code>lazaret submit</code> or curl.
    </EmptyState>
  );
}
