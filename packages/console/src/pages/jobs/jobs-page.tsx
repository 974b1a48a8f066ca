import { IconUpload } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { jobColumns } from './job-columns.tsx';
import { JobFilters } from './job-filters.tsx';
import { useJobList } from './use-job-list.ts';

const columns = [
  jobColumns.name,
  jobColumns.state,
  jobColumns.engine,
  jobColumns.tags,
  jobColumns.duration,
  jobColumns.submitted,
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
        Engine runs, newest first.
      </PageHeader>
      <div className="stack">
        <JobFilters
          search={search}
          onChange={(next) => void navigate({ to: '/jobs', search: next, replace: true })}
        />
        <NewItemsButton count={newer} item="new job" onShow={showNewer} />
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
        <LoadMoreButton query={query}>Load older jobs</LoadMoreButton>
      </div>
    </>
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
